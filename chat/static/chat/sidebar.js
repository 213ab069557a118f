// My rooms in their three lists, in the sidebar or on the page of rooms: rows come, go, move and say what waits.
// chat/sidebar.py lists them the same way.

import { fromTemplate } from "./templates.js";
import { shortly } from "./title.js";

const ICONS = { direct: "people", private: "lock" };
const GUESTS = { write: "guests may write", read: "guests may read" };

/** The room that is open on this page, while I follow it: what comes there is about to be read. */
export function isLookedAt(slug) {
  const row = rowOf(slug);
  return Boolean(row?.hasAttribute("aria-current")) && document.visibilityState === "visible"
    && document.getElementById("newer")?.hidden !== false && !document.querySelector("#items.is-marked");
}

/** Show a room of mine where it belongs, as it is now. */
export function showRoom(room) {
  let row = rowOf(room.slug);
  if (room.archived && !row?.hasAttribute("aria-current")) return hideRoom(room.slug);
  const list = document.querySelector(`[data-rooms="${listOf(room)}"]`);
  if (!row) {
    if (!list) return;
    row = fromTemplate("row-template").querySelector("a");
    row.dataset.room = room.slug;
    row.href = `/rooms/${room.slug}/`;
    // Where the open room was drawn for somebody who was not in it, it is drawn already: this one is another.
    document.querySelector(`[data-other="${CSS.escape(room.slug)}"]`)?.closest("li").remove();
    document.getElementById("no-rooms")?.remove();
  }
  dress(row, room);
  if (list) settle(row.closest("li"), list);
}

/** Say how much waits in a room. */
export function showWaiting({ slug, kind, muted, mentions }, unread) {
  const row = rowOf(slug);
  if (!row) return;
  row.classList.toggle("is-unread", unread > 0 && !muted);
  row.classList.toggle("is-muted", muted);
  const badge = row.querySelector(".badge");
  badge.hidden = !unread || muted && !mentions;
  badge.classList.toggle("badge--mention", mentions > 0 || kind === "direct" && !muted);
  badge.firstElementChild.textContent = shortly(mentions || unread);
  badge.lastElementChild.textContent = mentions ? " mentions of you" : " unread";
}

/** Take away the row of a room that is mine no more. */
export function hideRoom(slug) {
  const item = rowOf(slug)?.closest("li");
  const list = item?.parentElement;
  item?.remove();
  if (list) hideEmpty(list);
}

function rowOf(slug) {
  return document.querySelector(`[data-room="${CSS.escape(slug)}"]`);
}

function listOf({ favourite, kind }) {
  if (favourite) return "favourites";
  return kind === "direct" ? "directs" : "rooms";
}

function dress(row, { title, topic, kind, guests, position }) {
  if (position === null) delete row.dataset.position;
  else row.dataset.position = position;
  write(row.querySelector("bdi"), title);
  const use = row.querySelector(".icon use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[kind] ?? "hash"}`));
  fill(row.querySelector(".room-row__topic"), topic);
  fill(row.querySelector(".tag"), kind === "private" ? "private" : GUESTS[guests] ?? "");
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function fill(element, text) {
  if (!element) return; // the sidebar has fewer words
  element.hidden = !text;
  write(element, text);
}

// A row that stands where it belongs is not touched: moving it would take the focus away.
function settle(item, list) {
  const from = item.parentElement;
  const after = [...list.children].find((other) => other !== item && comesBefore(item, other)) ?? null;
  if (from === list && after === item.nextElementSibling) return;
  const focused = item.contains(document.activeElement) ? document.activeElement : null;
  list.insertBefore(item, after);
  hideEmpty(list);
  focused?.focus({ preventScroll: true });
  if (from && from !== list) hideEmpty(from);
}

function comesBefore(one, other) {
  const [a, b] = [one, other].map((item) => {
    const row = item.firstElementChild;
    return { place: Number(row.dataset.position ?? Infinity), name: row.querySelector("bdi").textContent.toLowerCase() };
  });
  return a.place === b.place ? a.name < b.name : a.place < b.place;
}

function hideEmpty(list) {
  const section = list.closest("section");
  if (section && list.dataset.rooms) section.hidden = list.childElementCount === 0;
}
