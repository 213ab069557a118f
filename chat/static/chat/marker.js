// The read marker: while I look at the end of the timeline, what is there is read.

const AT_MOST_EVERY_MS = 1000;

export class Marker {
  #socket;
  #reading;
  #told = -1;
  #isMember;
  #timer = 0;

  constructor({ socket, reading, scroller, isMember }) {
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

  /** Move the marker in a moment, if I am still looking. */
  soon() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#tell();
    }, AT_MOST_EVERY_MS);
  }

  #tell() {
    const { position, isReady } = this.#socket;
    const looking = this.#isMember && document.visibilityState === "visible" && this.#reading.following;
    if (looking && isReady && position > this.#told && this.#socket.send({ type: "read", seq: position })) this.#told = position;
  }
}
