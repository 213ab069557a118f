// Everything that can be done with a message of the log, and what the log tells about it.

import { dressCode } from "./code.js";
import { Commands } from "./commands.js";
import { Editing } from "./editing.js";
import { addressOf, copied } from "./links.js";
import { writePin } from "./pinning.js";
import { Policies } from "./policies.js";
import { meet, Reacting } from "./reacting.js";
import { Roving } from "./roving.js";
import { countReply, inShort } from "./threads.js";
import { Toolbar } from "./toolbar.js";

export class Messages {
  /** What shows the thread of a message. */
  onThread = () => {};

  #items;
  #timeline;
  #marker;
  #composer;
  #editing;
  #reacting;
  #toolbar;

  constructor({ start, items, menu, emoji, told, socket, timeline, marker }) {
    this.#items = items;
    this.#timeline = timeline;
    this.#marker = marker;
    this.commands = new Commands({ socket, told });
    const { me, capabilities, as_member: asMember, member: isMember } = start;
    this.policies = new Policies({ me, capabilities, asMember, isMember });
    this.#reacting = new Reacting({ items, me, commands: this.commands, policies: this.policies });
    for (const { user } of [...start.people.here, ...start.people.away]) meet(user);
    for (const item of items.querySelectorAll(".message")) this.dress(item);
    this.#toolbar = new Toolbar({
      ...{ items, menu, emoji, policies: this.policies },
      onDo: (action, item) => this.#do(action, item),
      onReact: (item, sign) => this.#reacting.react(Number(item.dataset.seq), sign),
    });
    this.#rove(items, items.closest("[role=log]"));
    // A click on the time marks the message; the address is there to be copied.
    items.addEventListener("click", (event) => {
      const link = event.target.closest(".message__at");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      location.hash = link.closest(".message").id;
    });
  }

  /** The box where replies and edits are written. */
  use(composer, room) {
    this.#composer = composer;
    this.#editing = composer && new Editing({ room, commands: this.commands, purpose: composer.purpose });
  }

  /** Make the parts of a message work that are more than its text. */
  dress(item) {
    if (!item.classList.contains("message")) return;
    this.#reacting.dress(item);
    dressCode(item);
  }

  /** Handle the messages of another list, apart from the log, like those of the log. */
  serve(list) {
    this.#reacting.serve(list);
    this.#toolbar.serve(list);
    this.#rove(list, list);
  }

  /** The reactions to a message that stands apart from the log changed. */
  count(frame, item) {
    this.#reacting.hear(frame, item);
  }

  /** I am a member now. */
  joined() {
    this.policies.joined();
    for (const item of this.#items.querySelectorAll(".message")) this.dress(item);
    this.#toolbar.refresh();
  }

  /** One more entry of the log. */
  hear(frame) {
    meet(frame.user);
    meet(frame.actor);
    const item = Number.isInteger(frame.message) ? this.#timeline.message(frame.message) : null;
    switch (frame.type) {
      case "message": this.#newMessage(frame); break;
      case "message.edited": this.#timeline.edit(frame); break;
      case "message.deleted":
        this.#timeline.erase(frame.messages);
        this.#editing?.forget(frame.messages);
        break;
      case "reaction.added":
      case "reaction.removed":
        if (item) this.#reacting.hear(frame, item);
        break;
      case "pin.added":
      case "pin.removed":
        if (item) writePin(item, frame.type === "pin.added");
        break;
      default:
    }
  }

  /** Answer a message that is on the page. */
  reply(item) {
    this.#composer?.purpose.reply(Number(item.dataset.seq), item.querySelector(".message__author").textContent, inShort(item));
  }

  /** Edit what I said last. */
  editLast() {
    const mine = [...this.#items.querySelectorAll(".message[data-seq]:not(.is-deleted)")].filter((item) => this.policies.isMine(item));
    if (mine.length && this.policies.may("edit_own")) this.#editing.begin(mine.at(-1));
  }

  /** Give one of my messages another text. */
  edit(seq, value) {
    return this.#editing.save(seq, value);
  }

  #rove(items, scroller) {
    new Roving({
      ...{ items, scroller, policies: this.policies, toolbar: this.#toolbar },
      onDo: (action, item) => this.#do(action, item),
      onLeave: () => this.#composer?.focus(),
    });
  }

  #newMessage(frame) {
    countReply(frame);
    const item = this.#timeline.message(frame.seq);
    if (item) this.dress(item);
  }

  #do(action, item) {
    const seq = Number(item.dataset.seq);
    switch (action) {
      case "reply": return item.id ? this.reply(item) : this.onThread(seq);
      case "thread": return this.onThread(seq);
      case "reactions": return this.#reacting.show(item);
      case "edit": return this.#editing?.begin(item);
      case "pin":
      case "unpin": return this.commands.ask({ type: action, seq });
      case "copy": return this.#copy(seq);
      case "unread": return this.#unread(item);
      case "delete":
        if (confirm("Delete this message for everyone?")) this.commands.ask({ type: "delete", seq });
        return null;
      default: return null;
    }
  }

  async #copy(seq) {
    const address = addressOf(seq);
    if (await copied(address)) this.commands.tell("The link is copied.", { good: true });
    else this.commands.tell(`The link: ${address}`, { good: true });
  }

  #unread(item) {
    if (this.#marker.putBefore(item)) this.commands.tell("Unread from this message on.", { good: true });
    else this.commands.tell("There is no connection right now. Try again in a moment.");
  }
}
