// The room's log on the page: every item once, in order of seq, with what is still on its way at the end.

import { arrange } from "./arranging.js";
import {
  bury, changeElement, confirm, messageElement, pendingElement, writeMessage, writeState, writeText,
} from "./message.js";
import { writeQuotes } from "./threads.js";
import { writeTime } from "./times.js";

const ITEMS_MAX = 300; // on the page; what is far from the reader is loaded again when they come back
const SLACK = 50;

export class Timeline {
  #list;
  #me;
  #bySeq = new Map();
  #pending = new Map();

  constructor(list, me) {
    this.#list = list;
    this.#me = me;
    for (const item of list.children) this.#adopt(item);
    for (const item of list.children) arrange(item);
  }

  get isEmpty() {
    return this.#list.childElementCount === 0;
  }

  /** Whether a message of mine with this client_id is in the log already. */
  hasSent(clientId) {
    const item = this.#list.querySelector(`[data-seq][data-client-id="${CSS.escape(clientId)}"]`);
    return item !== null && item.dataset.author === (this.#me?.username ?? "");
  }

  /** Put a frame of the log where it belongs; one that is there already changes nothing. Returns its element if new. */
  add(frame) {
    const pending = this.#pendingTwin(frame);
    if (pending) {
      this.settle(frame.client_id, frame.seq, frame.sent_at);
      writeMessage(pending, frame);
      return null;
    }
    if (this.#bySeq.has(frame.seq)) {
      if (frame.type === "message" && !frame.deleted) this.#write(frame);
      return null;
    }
    const item = frame.type === "message" ? messageElement(frame) : changeElement(frame);
    if (item) this.#place(item, frame.seq);
    return item;
  }

  /** The element of a message that is on the page, unless it was deleted. */
  message(seq) {
    const item = this.#bySeq.get(seq);
    return item?.classList.contains("message") && !item.classList.contains("is-deleted") ? item : null;
  }

  /** A message of the log says something else now. */
  edit(frame) {
    const item = this.#bySeq.get(frame.message);
    if (!item || item.classList.contains("is-deleted")) return;
    writeText(item, { ...frame, edited_at: frame.at });
    writeQuotes(this.#list, frame.message);
  }

  /** Take the texts of these messages off the page. */
  erase(seqs) {
    for (const seq of seqs) {
      const item = this.#bySeq.get(seq);
      if (!item?.classList.contains("message")) continue;
      bury(item);
      writeQuotes(this.#list, seq);
    }
  }

  /** Take everything before this number off the page: it expired. */
  expire(firstSeq) {
    for (const [seq, item] of this.#bySeq) {
      if (seq >= firstSeq) continue;
      item.remove();
      this.#bySeq.delete(seq);
    }
    const first = this.#list.firstElementChild;
    if (first) arrange(first);
  }

  /** Put a page of older items before everything else. Returns those that are new. */
  prepend(items) {
    const first = this.#list.firstElementChild;
    const added = items.filter((item) => this.#adopt(item));
    this.#list.prepend(...added);
    return this.#arrangeAll(added, first);
  }

  /** Put a page of newer items after everything else. Returns those that are new. */
  append(items) {
    const added = items.filter((item) => this.#adopt(item));
    this.#list.append(...added);
    return this.#arrangeAll(added);
  }

  /** Take the oldest items off a page that has grown too long. Gives the number that it begins with then, else null. */
  trimStart() {
    return this.#trim((list) => list.firstElementChild);
  }

  /** Take the newest items off a page that has grown too long. Gives the number that it ends with then, else null. */
  trimEnd() {
    return this.#pending.size ? null : this.#trim((list) => list.lastElementChild);
  }

  /** Show a message that is on its way. */
  addPending(sending) {
    const item = pendingElement(sending, this.#me);
    this.#pending.set(sending.client_id, item);
    this.#list.append(item);
    arrange(item);
  }

  /** Say how a message on its way is doing (see message.js). */
  writeState(clientId, state) {
    const item = this.#pending.get(clientId);
    if (item) writeState(item, state);
  }

  /** The message is in the log under `seq`. */
  settle(clientId, seq, sentAt) {
    const item = this.#pending.get(clientId);
    if (!item) return;
    this.#take(clientId);
    if (this.#bySeq.has(seq)) return;
    confirm(item, seq, sentAt);
    this.#place(item, seq);
  }

  /** Take a message that was given up off the page. */
  discard(clientId) {
    this.#take(clientId);
  }

  // False for one that is on the page already.
  #adopt(item) {
    const seq = Number(item.dataset.seq);
    if (this.#bySeq.has(seq)) return false;
    this.#bySeq.set(seq, item);
    writeTime(item.querySelector("time:not(.day time)"), new Date(item.dataset.at));
    return true;
  }

  #arrangeAll(added, ...more) {
    for (const item of [...added, ...more]) if (item) arrange(item);
    writeQuotes(this.#list);
    return added;
  }

  // What somebody has in hand stays, and so does all behind it.
  #trim(outermost) {
    const list = this.#list;
    if (list.childElementCount <= ITEMS_MAX + SLACK) return null;
    while (list.childElementCount > ITEMS_MAX) {
      const item = outermost(list);
      if (item.matches(":focus-within, .is-chosen")) break;
      this.#bySeq.delete(Number(item.dataset.seq));
      item.remove();
    }
    if (list.firstElementChild) arrange(list.firstElementChild);
    return Number(outermost(list).dataset.seq);
  }

  #pendingTwin(frame) {
    const mine = frame.type === "message" && (frame.user?.username ?? null) === (this.#me?.username ?? null);
    return mine && frame.client_id ? this.#pending.get(frame.client_id) : undefined;
  }

  #write(frame) {
    const item = this.#bySeq.get(frame.seq);
    confirm(item, frame.seq, frame.sent_at);
    writeMessage(item, frame);
  }

  #take(clientId) {
    const item = this.#pending.get(clientId);
    const next = item?.nextElementSibling;
    item?.remove();
    this.#pending.delete(clientId);
    if (next) arrange(next);
  }

  #place(item, seq) {
    let before = this.#list.lastElementChild;
    while (before && Number(before.dataset.seq ?? Infinity) > seq) before = before.previousElementSibling;
    if (before) before.after(item);
    else this.#list.prepend(item);
    this.#bySeq.set(seq, item);
    arrange(item);
    if (item.nextElementSibling) arrange(item.nextElementSibling);
  }
}
