// The elements of the timeline, cloned from the server's own templates so that both draw the same.
// Whatever people wrote goes in through textContent only.

import { dressAvatar, nameOf } from "./people.js";
import { sentenceOf } from "./sentences.js";
import { writeTime } from "./times.js";

const template = (id) => document.getElementById(id).content.firstElementChild;

/** The element of a message frame. */
export function messageElement(frame) {
  const element = draw(frame.user, frame.value, frame.sent_at);
  confirm(element, frame.seq, frame.sent_at);
  if (frame.deleted) bury(element);
  return element;
}

/** The element of a message that is still on its way. */
export function pendingElement(sending, me) {
  const element = draw(me, sending.value, sending.at);
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
  element.querySelector(".message__text").textContent = "Message deleted";
  element.querySelector(".message__delete")?.remove();
}

/** Turn a pending element into a message of the log. */
export function confirm(element, seq, sentAt) {
  element.classList.remove("is-pending", "is-failed");
  element.querySelector(".message__state")?.remove();
  element.id = `m${seq}`;
  element.dataset.seq = seq;
  const button = element.querySelector(".message__delete");
  if (button) button.value = seq;
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
  const element = template("change-template").cloneNode(true);
  const text = element.querySelector(".change__text");
  const time = text.querySelector("time");
  for (const part of parts) {
    if (typeof part === "string") {
      time.before(part);
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

function draw(user, value, at) {
  const element = template("message-template").cloneNode(true);
  element.dataset.author = user?.username ?? "";
  dressAvatar(element.querySelector(".avatar"), user);
  element.querySelector(".message__author").textContent = nameOf(user);
  element.querySelector(".message__text").textContent = value;
  stamp(element, at);
  return element;
}

function stamp(element, at) {
  element.dataset.at = at;
  writeTime(element.querySelector("time:not(.day time)"), new Date(at));
}
