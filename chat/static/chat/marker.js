// The read marker: while I look at the end of the timeline, what is there is read.

const AT_MOST_EVERY_MS = 1000;

export class Marker {
  #socket;
  #reading;
  #told = -1;
  #isMember;
  #timer = 0;
  #items;
  #rests = false;

  constructor({ socket, reading, scroller, items, isMember }) {
    this.#items = items;
    this.#isMember = isMember;
    this.#socket = socket;
    this.#reading = reading;
    scroller.addEventListener("scroll", () => this.soon(), { passive: true });
    document.addEventListener("visibilitychange", () => this.soon());
    addEventListener("focus", () => this.soon());
  }

  /** Only members have a marker. */
  joined() {
    this.#isMember = true;
  }

  /** Everything from this message on is unread, and stays so until I write or come back. False without a line. */
  putBefore(item) {
    if (!this.#socket.isReady || !this.#socket.send({ type: "read", seq: Number(item.dataset.seq) - 1 })) return false;
    this.#rests = true;
    this.#items.classList.add("is-marked");
    this.#items.querySelector(".first-new")?.remove();
    const mark = document.createElement("p");
    mark.className = "first-new";
    mark.textContent = "New";
    item.classList.remove("is-continued");
    const day = item.querySelector(":scope > .day");
    if (day) day.after(mark);
    else item.prepend(mark);
    return true;
  }

  /** I wrote something: I have read what is there. */
  wake() {
    this.#rests = false;
    this.#told = -1;
    this.#items.classList.remove("is-marked");
    this.#items.querySelector(".first-new")?.remove();
  }

  /** Take everything that is there for read, wherever I am. Returns whether something was not. */
  readAll() {
    const { position, isReady } = this.#socket;
    const hadMark = this.#items.querySelector(".first-new") !== null;
    if (!this.#isMember || !isReady || position <= this.#told && !hadMark) return false;
    this.wake();
    if (this.#socket.send({ type: "read", seq: position })) this.#told = position;
    return true;
  }

  /** Move the marker in a moment, if I am still looking. */
  soon() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#tell();
    }, AT_MOST_EVERY_MS);
  }

  #tell() {
    const { position, isReady } = this.#socket;
    const looking = this.#isMember && !this.#rests && document.visibilityState === "visible" && this.#reading.following;
    if (looking && isReady && position > this.#told && this.#socket.send({ type: "read", seq: position })) this.#told = position;
  }
}
