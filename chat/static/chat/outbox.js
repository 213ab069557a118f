// What I wrote and the server has not confirmed: shown at once, kept until the browser is opened again, sent again after a
// lost connection. All tabs of a room have one outbox. The client_id makes a repetition harmless, also by another tab:
// the server keeps the first.

import { keep, keptUnder, watchKept } from "./keeping.js";

const PATIENT = new Set(["rate_limited", "unavailable", "overloaded", "internal", "service_restart"]);
const TRIES_MAX = 4;
const WAIT_MS = 2000;
const OTHERS_WAIT_MS = 5000; // for the tab where it was written, which may be gone

export class Outbox {
  #key;
  #socket;
  #timeline;
  #sendings = new Map();

  constructor({ key, socket, timeline }) {
    this.#key = `${key}.`;
    this.#socket = socket;
    this.#timeline = timeline;
    for (const sending of keptUnder(this.#key).sort((one, other) => (one.at < other.at ? -1 : 1))) {
      if (timeline.hasSent(sending.client_id)) keep(this.#key + sending.client_id, null);
      else this.#enter(sending);
    }
    watchKept(this.#key, (clientId, sending) => this.#hearOther(clientId, sending));
    socket.addEventListener("ready", () => this.#flush());
  }

  /** Show a new message and send it as soon as there is a line. Returns its client_id. */
  add({ value, reply_to, attachments = [] }) {
    const written = { value, reply_to, attachments, at: new Date().toISOString() };
    const sending = { client_id: crypto.randomUUID?.() ?? randomId(), ...written, tries: 0 };
    this.#enter(sending);
    this.#store(sending);
    this.#send(sending);
    return sending.client_id;
  }

  /** The server has it, as an ack or the message itself tells. */
  settle(clientId) {
    if (this.#sendings.delete(clientId)) keep(this.#key + clientId, null);
  }

  /** The server refused it: wait and try again where that may help, else leave it to the person. */
  refuse(error) {
    const sending = this.#sendings.get(error.client_id);
    if (!sending) return;
    if (PATIENT.has(error.code) && sending.tries < TRIES_MAX) {
      setTimeout(() => this.#send(sending), error.retry_after_ms ?? WAIT_MS);
      return;
    }
    sending.failed = error.detail;
    this.#store(sending);
    this.#showState(sending);
  }

  /** What was not sent, for the person to send later; null where it is not there. */
  takeBack(clientId) {
    const sending = this.#sendings.get(clientId);
    if (!sending) return null;
    this.#discard(sending);
    return sending;
  }

  // Another tab wrote something, gave it up, or saw that it was sent.
  #hearOther(clientId, sending) {
    const mine = this.#sendings.get(clientId);
    if (mine && !sending) {
      this.#sendings.delete(clientId);
      this.#timeline.discard(clientId);
    } else if (mine) {
      Object.assign(mine, { failed: undefined }, sending);
      this.#showState(mine);
    } else if (sending && !this.#timeline.hasSent(clientId)) {
      this.#enter(sending);
      setTimeout(() => { if (!sending.failed) this.#send(sending); }, OTHERS_WAIT_MS);
    }
  }

  #enter(sending) {
    this.#sendings.set(sending.client_id, sending);
    this.#timeline.addPending(sending);
    this.#showState(sending);
  }

  #flush() {
    for (const sending of this.#sendings.values()) {
      if (!sending.failed) this.#send(sending);
    }
  }

  #send(sending) {
    if (!this.#socket.isReady || !this.#sendings.has(sending.client_id)) return;
    sending.tries += 1;
    const { client_id, value, reply_to, attachments = [] } = sending;
    const files = attachments.length ? { attachments: attachments.map(({ id }) => id) } : {};
    this.#socket.send({ type: "message", value, client_id, reply_to, ...files });
  }

  #showState(sending) {
    const failed = Boolean(sending.failed);
    this.#timeline.writeState(sending.client_id, {
      failed,
      words: failed ? `Not sent: ${lowerFirst(sending.failed)}` : "Not sent yet",
      actions: failed ? { "Try again": () => this.#retry(sending), Discard: () => this.#discard(sending) } : {},
    });
  }

  #retry(sending) {
    delete sending.failed;
    sending.tries = 0;
    this.#store(sending);
    this.#showState(sending);
    this.#send(sending);
  }

  #discard(sending) {
    this.settle(sending.client_id);
    this.#timeline.discard(sending.client_id);
  }

  #store(sending) {
    keep(this.#key + sending.client_id, sending);
  }
}

function lowerFirst(words) {
  return words.charAt(0).toLowerCase() + words.slice(1);
}

// crypto.randomUUID is only there over HTTPS and on localhost.
function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
