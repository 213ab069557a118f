// The room's socket: connects, says when it is caught up, and comes back from where it left off.
//
// Events: "frame" (detail: the frame), "ready" (caught up with hello.seq: safe to send), "lost" (a connection ended
// and will be tried again), "stop" (detail: close code; it will not be tried again).

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const HEALTHY_MS = 60_000;
const PONG_WAIT_MS = 10_000;
const UNAUTHENTICATED = 4401;
const LOOKS = 2;
const LOOK_AFTER_MS = 900;
const REPLIES = new Set(["hello", "ack", "pong"]);
const FINAL = new Set([1003, 4400, 4401, 4403, 4404, 4409, 4410]);

export class RoomSocket extends EventTarget {
  #url;
  #position;
  #epoch;
  #socket = null;
  #target = Infinity;
  #ready = false;
  #stopped = false;
  #me;
  #looks = 0;
  #attempts = 0;
  #retryAfterMs = 0;
  #timers = { retry: 0, ping: 0, pong: 0, healthy: 0 };

  constructor({ url, position, epoch, me }) {
    super();
    this.#me = me?.id;
    this.#url = url;
    this.#position = position;
    this.#epoch = epoch;
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#probe());
    addEventListener("pageshow", (event) => { if (event.persisted) this.#hurry(); });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#hurry();
    });
  }

  /** The seq of the last entry of the log that was received. */
  get position() {
    return this.#position;
  }

  get isReady() {
    return this.#ready;
  }

  open() {
    clearTimeout(this.#timers.retry);
    const query = new URLSearchParams({ after: this.#position, epoch: this.#epoch });
    const socket = new WebSocket(`${this.#url}?${query}`);
    this.#socket = socket;
    this.#target = Infinity;
    socket.addEventListener("message", (event) => { if (socket === this.#socket) this.#receive(event.data); });
    socket.addEventListener("close", (event) => { if (socket === this.#socket) this.#ended(event.code); });
  }

  /** Send a frame. False when there is nobody to take it. */
  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #receive(text) {
    clearTimeout(this.#timers.pong);
    const frame = JSON.parse(text);
    if (frame.type === "hello") {
      // Signed out meanwhile, or somebody else: what this page shows and sends is not theirs.
      if (frame.me?.id !== this.#me) return this.#ended(UNAUTHENTICATED);
      this.#greeted(frame);
    }
    // Only the last word before the close says when to come back: a message may have to wait much longer.
    this.#retryAfterMs = (frame.type === "error" && frame.retry_after_ms) || 0;
    // What was missed before this number expired meanwhile.
    if (frame.type === "truncated") this.#position = Math.max(this.#position, frame.first_seq - 1);
    if (Number.isInteger(frame.seq) && !REPLIES.has(frame.type)) {
      if (frame.seq <= this.#position) return;
      // The server never leaves a gap; should one appear, it is never shown but asked for again.
      if (frame.seq > this.#position + 1) return this.#ended(1006);
      this.#position = frame.seq;
    }
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    this.#checkReady();
  }

  #greeted(hello) {
    this.#looks = LOOKS;
    this.#target = hello.seq;
    this.#retryAfterMs = 0;
    this.#timers.ping = setInterval(() => this.#probe(), hello.ping_interval_s * 1000);
    this.#timers.healthy = setTimeout(() => { this.#attempts = 0; }, HEALTHY_MS);
  }

  #checkReady() {
    if (this.#ready || this.#position < this.#target) return;
    this.#ready = true;
    this.dispatchEvent(new Event("ready"));
  }

  // A line that went dead says nothing: ask, and without an answer take it for lost.
  #probe() {
    clearTimeout(this.#timers.pong);
    if (this.send({ type: "ping" })) this.#timers.pong = setTimeout(() => this.#ended(1006), PONG_WAIT_MS);
  }

  #ended(code) {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    clearTimeout(this.#timers.pong);
    clearTimeout(this.#timers.healthy);
    clearInterval(this.#timers.ping);
    if (socket && socket.readyState < WebSocket.CLOSING) socket.close();
    // After a new password all sockets close, also those whose session stays good. The browser has its new cookie a
    // moment later, with the answer to the other window: looking again tells.
    const again = code === UNAUTHENTICATED && this.#looks > 0;
    if (FINAL.has(code) && !again) {
      this.#stopped = true;
      this.dispatchEvent(new CustomEvent("stop", { detail: code }));
      return;
    }
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    if (again) {
      this.#looks -= 1;
      this.#retryAfterMs = LOOK_AFTER_MS;
    }
    this.#comeBack(longest);
    this.dispatchEvent(new Event("lost"));
  }

  // Full jitter: after a restart, everybody comes back at another moment.
  #comeBack(longest) {
    clearTimeout(this.#timers.retry);
    this.#timers.retry = setTimeout(() => this.open(), Math.max(this.#retryAfterMs, Math.random() * longest));
  }

  // The person is back, or the network: do not let them wait, and do not trust an old line.
  #hurry() {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#probe();
    else if (!this.#socket && !this.#stopped && this.#attempts > 0) this.#comeBack(FIRST_WAIT_MS);
  }
}
