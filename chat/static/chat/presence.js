// Who is here now, and which members are not.

import { dressAvatar, redress } from "./people.js";

const byName = (one, other) => one.user.name.localeCompare(other.user.name);

export class Presence {
  #here = new Map();
  #away = new Map();
  #hereCount;
  #guestsHere;
  #me;

  constructor({ here, away, ...counts }, me) {
    this.#me = me;
    for (const person of here) this.#here.set(person.user.username, person);
    for (const person of away) this.#away.set(person.user.username, person);
    this.#count(counts);
  }

  /** The members whom this page knows: [{ user, isHere }]. */
  get members() {
    const all = [this.#here, this.#away].flatMap((side) => [...side.values()].map(({ user, role }) => ({ user, role, isHere: side === this.#here })));
    return all.filter(({ role }) => role);
  }

  /** Take a frame of the socket that tells about people. */
  hear(frame) {
    switch (frame.type) {
      case "hello": this.#list(frame); break;
      case "presence": this.#move(frame); break;
      case "member.joined":
      case "member.updated": this.#setRole(frame.user, frame.role); break;
      case "member.left": this.#setRole(frame.user, null); break;
      default: return;
    }
    this.#draw();
  }

  /** Everybody anew; of a crowd the server lists some, and counts all. */
  #list(frame) {
    const known = new Map([...this.#away, ...this.#here]);
    const here = new Set(frame.here.map((user) => user.username));
    this.#here = new Map(frame.here.map((user) => [user.username, { user, role: known.get(user.username)?.role ?? null }]));
    this.#away = new Map([...known].filter(([username, person]) => person.role && !here.has(username)));
    this.#count(frame);
  }

  #count({ here_count: hereCount, guests_here: guestsHere }) {
    this.#hereCount = hereCount;
    this.#guestsHere = guestsHere;
  }

  #move(frame) {
    if (frame.here) return this.#list(frame);
    this.#count(frame);
    const { event, user } = frame;
    if (!user) return;
    if (event === "changed") return this.#change(user);
    const [from, to] = event === "joined" ? [this.#away, this.#here] : [this.#here, this.#away];
    const person = from.get(user.username) ?? to.get(user.username) ?? { user, role: null };
    from.delete(user.username);
    // Who is no member is only listed while here.
    if (event === "joined" || person.role) to.set(user.username, person);
  }

  /** Somebody has another name or picture. */
  #change(user) {
    for (const side of [this.#here, this.#away]) {
      const person = side.get(user.username);
      if (person) side.set(user.username, { ...person, user });
    }
    if (user.username === this.#me?.username) Object.assign(this.#me, user);
    redress(user);
  }

  #setRole(user, role) {
    if (!user) return;
    const side = this.#here.has(user.username) ? this.#here : this.#away;
    if (role || side === this.#here) side.set(user.username, { user, role });
    else side.delete(user.username);
  }

  #draw() {
    fill("people-here", this.#here);
    fill("people-away", this.#away);
    document.getElementById("away").hidden = this.#away.size === 0;
    const unlisted = this.#hereCount - this.#here.size;
    write("more-here", unlisted > 0 ? `and ${unlisted} more` : "");
    write("guests-here", this.#guestsHere ? `${this.#guestsHere} guest${this.#guestsHere === 1 ? "" : "s"}` : "");
    document.getElementById("here-count").textContent = this.#hereCount + this.#guestsHere || "";
  }
}

function write(id, text) {
  const element = document.getElementById(id);
  element.hidden = !text;
  element.textContent = text;
}

function fill(id, people) {
  const elements = [...people.values()].sort(byName).map(personElement);
  document.getElementById(id).replaceChildren(...elements);
}

function personElement({ user, role }) {
  const element = document.getElementById("person-template").content.firstElementChild.cloneNode(true);
  dressAvatar(element.querySelector(".avatar"), user);
  const name = element.querySelector(".person__name");
  name.textContent = user.name;
  name.title = `@${user.username}`;
  const tag = element.querySelector(".tag");
  tag.hidden = role !== "owner" && role !== "moderator";
  tag.textContent = role ?? "";
  element.firstElementChild.disabled = false;
  return element;
}
