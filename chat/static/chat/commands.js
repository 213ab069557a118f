// Commands of the socket that change a message. Each is answered by an ack or an error with its client_id; what is
// refused is said in words.

const SHOWN_MS = 8000;

export class Commands {
  #socket;
  #told;
  #waiting = new Map();
  #timer = 0;
  #number = 0;

  constructor({ socket, told }) {
    this.#socket = socket;
    this.#told = told;
    socket.addEventListener("lost", () => this.#giveUp());
    socket.addEventListener("stop", () => this.#giveUp());
  }

  /** Send a command. Resolves to whether it was done; where it was not, the person has been told why. */
  ask(frame) {
    const clientId = `page-${this.#number += 1}`;
    if (!this.#socket.isReady || !this.#socket.send({ ...frame, client_id: clientId })) {
      this.tell("There is no connection right now. Try again in a moment.");
      return Promise.resolve(false);
    }
    return new Promise((resolve) => { this.#waiting.set(clientId, resolve); });
  }

  /** Take an ack or an error. Returns whether it was the answer to a command from here. */
  hear(frame) {
    const resolve = this.#waiting.get(frame.client_id);
    if (!resolve) return false;
    this.#waiting.delete(frame.client_id);
    if (frame.type === "error") this.tell(frame.errors?.[0]?.detail ?? frame.detail);
    resolve(frame.type === "ack");
    return true;
  }

  /** Say something to the person, for a while. */
  tell(words, { good = false } = {}) {
    const note = document.createElement("p");
    note.className = "note";
    note.classList.toggle("note--error", !good);
    note.textContent = words;
    this.#told.replaceChildren(note);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#told.replaceChildren(), SHOWN_MS);
  }

  #giveUp() {
    if (this.#waiting.size) this.tell("The connection was lost before that was done. Look, and try again.");
    for (const resolve of this.#waiting.values()) resolve(false);
    this.#waiting.clear();
  }
}
