// What an item of the log shows because of the one before it: a new day, or that the same author goes on.

import { dayLabel, isoDay, isSameDay } from "./times.js";

const TOGETHER_MS = 5 * 60_000;

/** Set what depends on the item before: a new day, or the same author going on. */
export function arrange(item) {
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
