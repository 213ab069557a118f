// Which members one may mention: who spoke last, then who is here, then the others.

import { match } from "./matching.js";
import { read } from "./rest.js";

const RECENT = 30;

export class Mentioning {
  #start;
  #items;
  #policies;
  #presence;
  #asked = new Map();

  constructor({ start, items, policies, presence }) {
    this.#start = start;
    this.#items = items;
    this.#policies = policies;
    this.#presence = presence;
  }

  /** The people who fit best what was typed: [{ username, name, note }]. */
  async find(typed, most) {
    const more = this.#start.more_members && typed ? await this.#ask(typed.toLowerCase()) : [];
    const found = [];
    for (const { user, near } of this.#known(more).values()) {
      if (user.username === this.#start.me?.username) continue;
      const fit = match(typed, user.username, [user.name]);
      if (fit) found.push({ ...user, note: user.name, score: fit.score + near });
    }
    if (this.#policies.may("mention_room") && "room".startsWith(typed.toLowerCase())) {
      found.push({ username: "room", name: null, note: "Everybody in this room", score: 0 });
    }
    return found.sort((one, other) => other.score - one.score).slice(0, most);
  }

  #known(more) {
    const known = new Map(more.map((user) => [user.username, { user, near: 0 }]));
    for (const { user, isHere } of this.#presence.members) known.set(user.username, { user, near: isHere ? 0.5 : 0 });
    const spoken = [...this.#items.querySelectorAll(".message[data-author]")].slice(-RECENT);
    spoken.forEach((item, place) => {
      const { author: username } = item.dataset;
      const user = known.get(username)?.user;
      if (user) known.set(username, { user, near: 0.5 + place / RECENT });
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
