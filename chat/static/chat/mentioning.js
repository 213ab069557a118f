// Whom one may mention: who spoke last, then who is here, then the other members.

import { match } from "./matching.js";
import { read } from "./rest.js";

const RECENT = 30;

export class Mentioning {
  #start;
  #items;
  #policies;
  #asked = new Map();

  constructor({ start, items, policies }) {
    this.#start = start;
    this.#items = items;
    this.#policies = policies;
  }

  /** The people who fit best what was typed: [{ username, name, note }]. */
  async find(typed, most) {
    const known = this.#known();
    const more = this.#start.more_members && typed ? await this.#ask(typed.toLowerCase()) : [];
    for (const user of more) if (!known.has(user.username)) known.set(user.username, { user, near: 0 });
    const found = [];
    for (const { user, near } of known.values()) {
      if (user.username === this.#start.me?.username) continue;
      const fit = match(typed, user.username, [user.name]);
      if (fit) found.push({ ...user, note: user.name, score: fit.score + near });
    }
    if (this.#policies.may("mention_room") && "room".startsWith(typed.toLowerCase())) {
      found.push({ username: "room", name: null, note: "Everybody in this room", score: 0 });
    }
    return found.sort((one, other) => other.score - one.score).slice(0, most);
  }

  #known() {
    const known = new Map();
    for (const row of document.querySelectorAll("#people .person")) {
      const name = row.querySelector(".person__name");
      const user = { username: name.title.slice(1), name: name.textContent, avatar: row.querySelector(".avatar img")?.src };
      known.set(user.username, { user, near: row.closest("#people-here") ? 0.5 : 0 });
    }
    const spoken = [...this.#items.querySelectorAll(".message[data-author]")].slice(-RECENT);
    spoken.forEach((item, place) => {
      const username = item.dataset.author;
      const user = known.get(username)?.user ?? { username, name: item.querySelector(".message__author").textContent };
      if (username) known.set(username, { user, near: 0.5 + place / RECENT });
    });
    return known;
  }

  // What was asked once is known while the page is open.
  #ask(typed) {
    if (!this.#asked.has(typed)) {
      const address = `/api/rooms/${this.#start.room}/members/?limit=10&q=${encodeURIComponent(typed)}`;
      this.#asked.set(typed, read(address).then(({ results }) => results.map(({ user }) => user), () => []));
    }
    return this.#asked.get(typed);
  }
}
