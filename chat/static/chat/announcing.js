// What screen readers say of a room, politely: new messages of others, one line each; of many at once only how many.
// The log itself keeps silent: its history, my own messages, reactions and edits are there to be read, not told.

import { sameUser } from "./people.js";
import { lineOf } from "./spoken.js";

const GATHER_MS = 700;
const ONE_BY_ONE = 3;
const KEPT_MS = 20_000;

export class Announcing {
  #region;
  #me;
  #waiting = [];
  #timer = 0;

  constructor(region, me) {
    this.#region = region;
    this.#me = me;
  }

  /** A message arrived. Call before it is shown: a guest's own is known by what is on the page already. */
  hear(frame) {
    if (frame.deleted || this.#isMine(frame)) return;
    this.#waiting.push(frame);
    this.#timer ||= setTimeout(() => this.#tell(), GATHER_MS);
  }

  #isMine({ user, client_id: clientId }) {
    if (user) return sameUser(user, this.#me);
    return Boolean(clientId) && document.querySelector(`#items [data-client-id="${CSS.escape(clientId)}"]`) !== null;
  }

  #tell() {
    this.#timer = 0;
    const frames = this.#waiting;
    this.#waiting = [];
    const lines = frames.length > ONE_BY_ONE ? [`${frames.length} new messages`] : frames.map(lineOf);
    for (const words of lines) {
      const line = document.createElement("p");
      line.textContent = words;
      this.#region.append(line);
      setTimeout(() => line.remove(), KEPT_MS);
    }
  }
}
