// Messages that stand apart from the log, a thread or the pins: drawn as there, and kept as true.

import { handOver } from "./focus.js";
import { bury, messageElement, pendingElement, writeMessage, writeText } from "./message.js";
import { writePin } from "./pinning.js";
import { meet } from "./reacting.js";
import { writeMoment } from "./times.js";

export class Excerpt {
  /** The message whose thread this is: that its replies answer it need not be said. */
  root = null;

  #list;
  #messages;
  #bySeq = new Map();
  #pending = new Map();

  constructor(list, messages) {
    this.#list = list;
    this.#messages = messages;
    messages.serve(list);
  }

  /** The numbers of the messages that are shown, in their order. */
  get seqs() {
    return [...this.#list.querySelectorAll(":scope > [data-seq]")].map((item) => Number(item.dataset.seq));
  }

  clear() {
    this.root = null;
    this.#bySeq.clear();
    this.#pending.clear();
    this.#list.replaceChildren();
  }

  /** Put a message where its number belongs, or by `place` before another element. Returns its element if new. */
  add(frame, place) {
    this.drop(frame.client_id);
    if (this.#bySeq.has(frame.seq)) return null;
    meet(frame.user);
    const item = messageElement(frame);
    this.#bySeq.set(frame.seq, item);
    this.#list.insertBefore(item, place === undefined ? this.#after(frame.seq) : place);
    this.#finish(item);
    return item;
  }

  /** Show a message that is on its way, at the end. */
  addPending(sending, me) {
    const item = pendingElement(sending, me);
    this.#pending.set(sending.client_id, item);
    this.#list.append(item);
    this.#quote(item);
  }

  /** Take a message that was on its way off. */
  drop(clientId) {
    this.#pending.get(clientId)?.remove();
    this.#pending.delete(clientId);
  }

  /** Take a message off. */
  remove(seq) {
    handOver(this.#bySeq.get(seq), this.#list.closest("aside"));
    this.#bySeq.get(seq)?.remove();
    this.#bySeq.delete(seq);
  }

  /** A frame of the log may say something about what is shown. */
  hear(frame) {
    const item = this.#bySeq.get(frame.message);
    switch (frame.type) {
      case "message.edited":
        if (item && !item.classList.contains("is-deleted")) writeText(item, { ...frame, edited_at: frame.at });
        break;
      case "message.deleted":
        for (const seq of frame.messages) if (this.#bySeq.has(seq)) bury(this.#bySeq.get(seq));
        break;
      case "reaction.added":
      case "reaction.removed":
        if (item) this.#messages.count(frame, item);
        break;
      case "pin.added":
      case "pin.removed":
        if (item) writePin(item, frame.type === "pin.added");
        break;
      case "message":
        if (this.#bySeq.has(frame.seq) && !frame.deleted) this.#write(frame);
        break;
      default:
    }
    const firstSeq = frame.type === "truncated" ? frame.first_seq : frame.changes?.first_seq;
    for (const seq of this.#bySeq.keys()) if (seq < firstSeq) this.remove(seq);
  }

  #write(frame) {
    const item = this.#bySeq.get(frame.seq);
    writeMessage(item, frame);
    this.#finish(item);
  }

  // The place of a message is in the log: only there it has the id of its address.
  #finish(item) {
    item.removeAttribute("id");
    writeMoment(item.querySelector("time"), new Date(item.dataset.at));
    this.#messages.dress(item);
    this.#quote(item);
  }

  #quote(item) {
    if (Number(item.dataset.replyTo) === this.root) item.querySelector(".message__quote").hidden = true;
  }

  #after(seq) {
    return [...this.#list.children].find((each) => !each.dataset.seq ? each.dataset.clientId : Number(each.dataset.seq) > seq) ?? null;
  }
}
