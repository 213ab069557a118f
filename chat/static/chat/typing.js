// Who is typing, and telling the others that I am.

import { nameOf, sameUser } from "./people.js";

const SHOWN_MS = 6000;
const TELL_EVERY_MS = 3000;
const NAMED = 2;

export class Typing {
  #element;
  #me;
  #send;
  #typists = new Map();
  #toldAt = -Infinity;

  constructor({ element, me, send }) {
    this.#element = element;
    this.#me = me;
    this.#send = send;
  }

  /** Tell the room, at most every three seconds. */
  tell() {
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    this.#send({ type: "typing" });
  }

  /** My message is out: the next letter is a new start. */
  told() {
    this.#toldAt = -Infinity;
  }

  /** Somebody is typing; shown for six seconds or until they write. */
  hear({ user }) {
    if (this.#isMine(user)) return;
    const key = user?.username ?? "";
    clearTimeout(this.#typists.get(key)?.timer);
    this.#typists.set(key, { user, timer: setTimeout(() => this.stop(user), SHOWN_MS) });
    this.#show();
  }

  /** They wrote, left, or fell silent. */
  stop(user) {
    const key = user?.username ?? "";
    if (!this.#typists.has(key)) return;
    clearTimeout(this.#typists.get(key).timer);
    this.#typists.delete(key);
    this.#show();
  }

  // Guests all look alike, so a guest who just typed takes a typing guest for themselves.
  #isMine(user) {
    if (this.#me) return sameUser(user, this.#me);
    return user === null && performance.now() - this.#toldAt < SHOWN_MS;
  }

  #show() {
    if (!this.#element) return;
    const users = [...this.#typists.values()].map((typist) => typist.user);
    if (users.length > NAMED) {
      this.#element.replaceChildren("Several people are typing…");
      return;
    }
    const names = users.map((user) => {
      const name = document.createElement("bdi");
      name.textContent = nameOf(user);
      return name;
    });
    const words = names.flatMap((name, index) => (index ? [" and ", name] : [name]));
    if (words.length) words.push(names.length > 1 ? " are typing…" : " is typing…");
    this.#element.replaceChildren(...words);
  }
}
