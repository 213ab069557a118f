// The elements of the timeline, cloned from the server's own templates so that both draw the same.
// Whatever people wrote goes in through textContent, or, in `writeText`, as the HTML that the server has made of it.

import { dressCode } from "./code.js";
import { writeFiles } from "./files.js";
import { handOver } from "./focus.js";
import { dressAvatar, nameOf } from "./people.js";
import { writePin } from "./pinning.js";
import { writeReactions } from "./reacting.js";
import { sentenceOf } from "./sentences.js";
import { fromTemplate } from "./templates.js";
import { writeThread } from "./threads.js";
import { writeTime } from "./times.js";

/** The element of a message frame. */
export function messageElement(frame) {
  const element = draw(frame.user, frame, frame.sent_at);
  confirm(element, frame.seq, frame.sent_at);
  if (frame.deleted) bury(element);
  return element;
}

/** Write everything that a message frame holds. */
export function writeMessage(element, frame) {
  writeText(element, frame);
  writeFiles(element, frame.attachments ?? []);
  writeReactions(element, frame.reactions ?? []);
  writePin(element, Boolean(frame.pinned_at));
  writeThread(element, frame);
}

/** Write what a message says: the server's safe HTML where it has formatting, else the text itself. */
export function writeText(element, { value, html, edited_at }) {
  const text = element.querySelector(".message__text");
  text.classList.toggle("is-formatted", Boolean(html));
  if (html) text.innerHTML = html;
  else text.textContent = value;
  if (html) dressCode(element);
  element.querySelector(".message__edited").hidden = !edited_at;
}

/** The element of a message that is still on its way. */
export function pendingElement(sending, me) {
  const element = draw(me, sending, sending.at);
  element.classList.add("is-pending");
  element.dataset.clientId = sending.client_id;
  const state = document.createElement("p");
  state.className = "message__state";
  element.append(state);
  return element;
}

/** Leave a tombstone in place of a message. */
export function bury(element) {
  element.classList.add("is-deleted");
  handOver(element, element);
  writeText(element, { value: "Message deleted" });
  writeFiles(element, []);
  writeReactions(element, []);
  writePin(element, false);
  element.querySelector(".toolbar")?.remove();
}

/** Turn a pending element into a message of the log. */
export function confirm(element, seq, sentAt) {
  element.classList.remove("is-pending", "is-failed");
  element.querySelector(".message__state")?.remove();
  element.id = `m${seq}`;
  element.dataset.seq = seq;
  // These addresses begin at the room's, which is where the page is.
  element.querySelector(".message__at").href = `${seq}/`;
  element.querySelector(".message__edited").href = `${seq}/revisions/`;
  element.querySelector(".message__replies").href = `threads/${seq}/`;
  if (sentAt) stamp(element, sentAt);
}

/** Say under a pending message that it waits, or why it failed and what can be done: actions are {label: function}. */
export function writeState(element, { failed, words, actions = {} }) {
  element.classList.toggle("is-failed", failed);
  element.classList.toggle("is-pending", !failed);
  const state = element.querySelector(".message__state");
  const said = document.createElement("span");
  said.textContent = words;
  const buttons = Object.entries(actions).map(([label, act]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "text-button";
    button.textContent = label;
    button.addEventListener("click", act);
    return button;
  });
  state.replaceChildren(said, ...buttons);
}

/** The element of a change of the room, or null for one this page does not know. */
export function changeElement(frame) {
  const parts = sentenceOf(frame);
  if (!parts) return null;
  const element = fromTemplate("change-template");
  const text = element.querySelector(".change__text");
  const time = text.querySelector("time");
  for (const part of parts) {
    if (typeof part === "string") {
      time.before(part);
    } else if (part.message) {
      const link = document.createElement("a");
      link.href = `${part.message}/`;
      link.textContent = "a message";
      time.before(link);
    } else {
      const name = document.createElement("bdi");
      name.textContent = part.name;
      time.before(name);
    }
  }
  time.before(" ");
  element.dataset.seq = frame.seq;
  stamp(element, frame.at);
  return element;
}

function draw(user, said, at) {
  const element = fromTemplate("message-template");
  element.dataset.author = user?.username ?? "";
  dressAvatar(element.querySelector(".avatar"), user);
  element.querySelector(".message__author").textContent = nameOf(user);
  writeMessage(element, said);
  stamp(element, at);
  return element;
}

function stamp(element, at) {
  element.dataset.at = at;
  writeTime(element.querySelector("time:not(.day time)"), new Date(at));
}
