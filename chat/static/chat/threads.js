// Replies: whom and what a message answers, and at the root of a thread how many there are.

import { firstFile } from "./files.js";

const QUOTE_MAX_CHARS = 140;

/** Show what belongs to threads: `reply_to` of a reply, `reply_count` of a root. */
export function writeThread(element, { reply_to: replyTo, reply_count: count }) {
  if (Number.isInteger(replyTo)) {
    element.dataset.replyTo = replyTo;
    writeQuote(element);
  }
  if (count) writeCount(element, count);
}

/** One more reply: its root learns of it. */
export function countReply({ thread, nth }) {
  const root = thread && document.getElementById(`m${thread}`);
  if (root?.classList.contains("message")) writeCount(root, Math.max(nth, Number(root.dataset.replies ?? 0)));
}

/** Write the quotes of this message anew, or all that are still without words. */
export function writeQuotes(list, seq = null) {
  const which = seq === null ? ".message[data-reply-to]:not(.is-quoting)" : `.message[data-reply-to="${seq}"]`;
  for (const element of list.querySelectorAll(which)) writeQuote(element);
}

/** The beginning of what a message says, in one line; else the name of its first file. */
export function inShort(element) {
  const words = element.querySelector(".message__text").innerText.split(/\s+/u).filter(Boolean).join(" ") || firstFile(element);
  const characters = [...words];
  return characters.length > QUOTE_MAX_CHARS ? `${characters.slice(0, QUOTE_MAX_CHARS).join("")}…` : words;
}

function writeCount(root, count) {
  const link = root.querySelector(".message__replies");
  root.dataset.replies = count;
  link.textContent = `${count} repl${count === 1 ? "y" : "ies"}`;
  link.hidden = false;
}

function writeQuote(element) {
  const quote = element.querySelector(".message__quote");
  const [name, words] = quote.querySelectorAll("bdi, span");
  const seq = element.dataset.replyTo;
  const target = document.getElementById(`m${seq}`);
  quote.hidden = false;
  element.classList.toggle("is-quoting", target !== null);
  quote.querySelector("a").href = target ? `#m${seq}` : `${seq}/`;
  name.textContent = target ? target.querySelector(".message__author").textContent : "To an earlier message";
  words.textContent = target ? inShort(target) : "";
}
