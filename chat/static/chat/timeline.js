// The room's log on the page: every item once, in order of seq, with what is still on its way at the end.

import {
  bury, changeElement, confirm, messageElement, pendingElement, writeMessage, writeState, writeText,
} from "./message.js";
import { writeQuotes } from "./threads.js";
import { dayLabel, isoDay, isSameDay, writeTime } from "./times.js";

const TOGETHER_MS = 5 * 60_000;

export class Timeline {
  #list;
  #me;
  #bySeq = new Map();
  #pending = new Map();

  constructor(list, me) {
    this.#list = list;
    this.#me = me;
    for (const item of list.children) {
      this.#bySeq.set(Number(item.dataset.seq), item);
      writeTime(item.querySelector("time:not(.day time)"), new Date(item.dataset.at));
      arrange(item);
    }
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

  /** Put a page of older messages before everything else. Returns their elements. */
  prepend(frames) {
    const items = frames.filter((frame) => !this.#bySeq.has(frame.seq)).map((frame) => {
      const item = messageElement(frame);
      this.#bySeq.set(frame.seq, item);
      return item;
    });
    const first = this.#list.firstElementChild;
    this.#list.prepend(...items);
    for (const item of items) arrange(item);
    if (first) arrange(first);
    writeQuotes(this.#list);
    return items;
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

/** Set what depends on the item before: a new day, or the same author going on. */
function arrange(item) {
  const previous = item.previousElementSibling;
  const at = new Date(item.dataset.at);
  const newDay = !previous || !isSameDay(new Date(previous.dataset.at), at);
  const day = item.querySelector(":scope > .day");
  if (newDay && !day) item.prepend(daySeparator(at));
  else if (newDay) writeDay(day.firstElementChild, at);
  else day?.remove();
  const starts = newDay || item.querySelector(":scope > .first-new") !== null;
  item.classList.toggle("is-continued", !starts && goesOn(previous, item));
}

// A reply begins anew, and so does each line of a guest: they cannot be told apart.
function goesOn(previous, item) {
  const { author, replyTo } = item.dataset;
  return Boolean(author) && !replyTo && previous.dataset.author === author
    && new Date(item.dataset.at) - new Date(previous.dataset.at) < TOGETHER_MS;
}

function daySeparator(at) {
  const separator = document.createElement("p");
  separator.className = "day";
  writeDay(separator.appendChild(document.createElement("time")), at);
  return separator;
}

function writeDay(time, at) {
  time.dateTime = isoDay(at);
  time.textContent = dayLabel(at);
}
