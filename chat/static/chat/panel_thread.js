// A thread in the panel: the message at its root, the replies to it, and a box to write the next one.

import { Reply } from "./reply.js";
import { read } from "./rest.js";
import { fromTemplate } from "./templates.js";

const drafts = new Map(); // of threads that were closed, as long as the page lives

/** Open the thread that this message is in. */
export async function open(place) {
  const base = `/api/rooms/${place.start.room}/messages/`;
  const asked = await read(`${base}${place.what.seq}/`, place.signal);
  const root = asked.thread ? await read(`${base}${asked.thread}/`, place.signal) : asked;
  const page = await read(`${base}${root.seq}/replies/`, place.signal);
  return new Thread(place, root, page);
}

class Thread {
  #place;
  #root;
  #count;
  #divider;
  #reply = null;

  constructor(place, root, page) {
    const { excerpt, body, start, panel } = place;
    this.#place = place;
    this.#root = root.seq;
    this.#count = root.reply_count ?? 0;
    excerpt.root = root.seq;
    const item = excerpt.add(root);
    item.classList.add("is-root");
    this.#divider = item.parentElement.appendChild(fromTemplate("thread-divider-template"));
    this.#divider.querySelector("button").addEventListener("click", (event) => this.#earlier(event.target));
    this.#show(page);
    panel.show(root.seq);
    if (root.deleted || !document.getElementById("reply-template")) return;
    this.#reply = new Reply({
      form: body.appendChild(fromTemplate("reply-template")),
      maxChars: start.message_max_chars,
      me: start.me,
      ...place,
      root: root.seq,
      text: drafts.get(this.#root) ?? "",
    });
    // Where most is said now: at the end.
    const { scroller } = atEnd();
    scroller.scrollTop = scroller.scrollHeight;
  }

  focus() {
    this.#reply?.focus();
  }

  end() {
    if (this.#reply) drafts.set(this.#root, this.#reply.text);
  }

  hear(frame) {
    if (frame.type === "message" && frame.thread === this.#root) this.#add(frame);
    this.#place.excerpt.hear(frame);
    if (frame.type === "message.deleted" && frame.messages.includes(this.#root)) this.#reply?.close("This message was deleted.");
    this.#reply?.hear(frame);
  }

  #add(frame) {
    const { scroller, wasAtEnd } = atEnd();
    this.#place.excerpt.add(frame);
    this.#write(Math.max(this.#count, frame.nth ?? 0));
    if (wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
  }

  #show(page) {
    for (const frame of page.results) this.#place.excerpt.add(frame);
    this.#divider.querySelector("button").hidden = !page.previous;
    this.#write(this.#count);
  }

  #write(count) {
    this.#count = count;
    this.#divider.querySelector("span").textContent = count ? `${count} repl${count === 1 ? "y" : "ies"}` : "No replies yet";
  }

  async #earlier(button) {
    const { start, excerpt, signal } = this.#place;
    const first = excerpt.seqs.find((seq) => seq !== this.#root);
    button.disabled = true;
    try {
      this.#show(await read(`/api/rooms/${start.room}/messages/${this.#root}/replies/?before=${first}`, signal));
    } catch (error) {
      if (!signal.aborted) button.textContent = `${error.message} Earlier replies`;
    }
    button.disabled = false;
  }
}

function atEnd() {
  const scroller = document.getElementById("panel-scroll");
  return { scroller, wasAtEnd: scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60 };
}
