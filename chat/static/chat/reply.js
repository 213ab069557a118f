// The small box under a thread. What is written there goes the way of all messages of the room, through its outbox, and
// comes back into the box where the server does not take it.

import { post } from "./rest.js";

const NEAR_LIMIT = 500;
const onTouch = matchMedia("(hover: none) and (pointer: coarse)");

export class Reply {
  #form;
  #text;
  #told;
  #place;
  #mine = new Map();

  constructor({ form, text, ...place }) {
    this.#form = form;
    this.#text = form.elements.text;
    this.#told = form.querySelector("[role=status]");
    this.#place = place;
    this.#text.value = text;
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("input", () => this.#refresh());
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented || onTouch.matches) return;
      event.preventDefault();
      this.#submit();
    });
    this.#refresh();
  }

  get text() {
    return this.#text.value;
  }

  focus() {
    this.#text.focus({ preventScroll: true });
  }

  /** Nothing can be answered here any more. */
  close(words) {
    this.#say(words);
    for (const each of this.#form.elements) each.disabled = true;
  }

  /** What became of what I sent. */
  hear(frame) {
    const sending = this.#mine.get(frame.client_id);
    if (!sending) return;
    if (frame.type === "message") this.#mine.delete(frame.client_id);
    if (frame.type !== "error") return;
    // The room waits and tries again where that may help; what it gives up comes back here.
    if (frame.code === "slow_mode") this.#takeBack(frame);
    else setTimeout(() => { if (hasFailed(frame.client_id)) this.#takeBack(frame); });
  }

  #takeBack({ client_id: clientId, errors, detail }) {
    const { excerpt, outbox } = this.#place;
    const sending = this.#mine.get(clientId);
    this.#mine.delete(clientId);
    outbox.takeBack(clientId);
    excerpt.drop(clientId);
    this.#giveBack(sending.value, errors?.[0]?.detail ?? detail);
  }

  #giveBack(value, why) {
    this.#text.value = [value, this.#text.value].filter(Boolean).join("\n");
    this.#refresh();
    this.#say(`Not sent: ${why}`);
  }

  async #submit() {
    const value = this.#text.value.trimEnd();
    if (!value.trim() || this.#left() < 0) return this.focus();
    this.#text.value = "";
    this.#refresh();
    const { newer, outbox, marker, excerpt, start, root } = this.#place;
    const sending = { value, reply_to: root };
    if (newer.isBehind) return this.#post(sending);
    const clientId = outbox.add(sending);
    this.#mine.set(clientId, sending);
    excerpt.addPending({ ...sending, client_id: clientId, at: new Date().toISOString() }, start.me);
    marker.wake();
    document.getElementById("panel-scroll").scrollTop = Number.MAX_SAFE_INTEGER;
    return this.focus();
  }

  // Where the room's log shows old messages only, nothing can be shown at its end.
  async #post(sending) {
    try {
      await post(`/api/rooms/${this.#place.start.room}/messages/`, sending);
    } catch (error) {
      this.#giveBack(sending.value, error.message);
    }
  }

  #left() {
    return this.#place.maxChars - [...this.#text.value.trimEnd()].length;
  }

  #refresh() {
    const left = this.#left();
    if (left >= NEAR_LIMIT) this.#say("");
    else this.#say(left < 0 ? `${-left} character${left === -1 ? "" : "s"} too many` : `${left} character${left === 1 ? "" : "s"} left`);
    this.#form.classList.toggle("is-empty", !this.#text.value.trim());
    this.#text.setAttribute("aria-invalid", String(left < 0));
  }

  #say(words) {
    this.#told.textContent = words;
  }
}

function hasFailed(clientId) {
  return document.querySelector(`#items > .is-failed[data-client-id="${CSS.escape(clientId)}"]`) !== null;
}
