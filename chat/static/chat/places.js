// My rooms as this page knows them: first what the server drew, then what the inbox tells. In their order, what waits
// comes first, then where I was last.

import { onNews } from "./news.js";

const VISITED_MAX = 30;
const KINDS = { people: "direct", lock: "private" };

/** My username; empty for a guest. */
export const me = document.body.dataset.me ?? "";
/** The room of this page, if it is one's. */
export const here = /^\/rooms\/([^/]+)\//.exec(location.pathname)?.[1] ?? "";

const places = new Map();
const key = `parlor.visited.${me}`;

for (const row of document.querySelectorAll("[data-room]")) places.set(row.dataset.room, drawn(row));
onNews(learn);
visit();

/** All my rooms, as they are to be offered. */
export function myPlaces() {
  const visited = stored();
  const rank = ({ slug }) => (visited.includes(slug) ? visited.indexOf(slug) : VISITED_MAX);
  return [...places.values()].filter(({ archived }) => !archived).sort((a, b) =>
    (a.slug === here) - (b.slug === here)
    || weight(b) - weight(a)
    || rank(a) - rank(b)
    || b.lastAt.localeCompare(a.lastAt)
    || a.title.localeCompare(b.title));
}

/** The room with this address, if it is one of mine. */
export function placeOf(slug) {
  return places.get(slug);
}

function weight({ slug, mentions, unread, muted }) {
  if (slug === here) return 0;
  return mentions ? 2 : unread && !muted ? 1 : 0;
}

function drawn(row) {
  const badge = row.querySelector(".badge:not([hidden])");
  const number = Number.parseInt(badge?.firstElementChild?.textContent ?? "0", 10) || 0;
  const isMention = badge?.classList.contains("badge--mention");
  const icon = row.querySelector(".icon use")?.getAttribute("href").replace(/.*#/, "");
  return {
    slug: row.dataset.room,
    title: row.querySelector("bdi").textContent,
    kind: KINDS[icon] ?? "public",
    others: [],
    unread: number,
    mentions: isMention ? number : 0,
    muted: row.classList.contains("is-muted"),
    notify: "everything",
    lastAt: "",
  };
}

function learn(frame) {
  if (frame.type === "inbox.gone") places.delete(frame.room);
  if (frame.type === "inbox.room") places.set(frame.entry.room.slug, read(frame.entry));
  if (frame.type === "inbox.activity") {
    const place = places.get(frame.room);
    if (!place) return;
    place.unread = Math.max(0, frame.message_count - (place.messagesRead ?? frame.message_count - place.unread - 1));
    place.lastAt = frame.last_message?.sent_at ?? place.lastAt;
  }
}

function read({ room, people, message_count, messages_read, mentions, muted, notify, last_message: last }) {
  const others = (people ?? []).filter(({ username }) => username !== me);
  return {
    slug: room.slug,
    title: others.map(({ name }) => name).join(", ") || room.name,
    kind: room.kind,
    archived: room.archived_at !== null,
    others: others.map(({ username }) => username),
    unread: Math.max(0, message_count - messages_read),
    messagesRead: messages_read,
    mentions, muted, notify,
    lastAt: last?.sent_at ?? "",
  };
}

function visit() {
  if (!here) return;
  try {
    localStorage.setItem(key, JSON.stringify([here, ...stored().filter((slug) => slug !== here)].slice(0, VISITED_MAX)));
  } catch {
    // Without storage nothing is remembered.
  }
}

function stored() {
  try {
    const slugs = JSON.parse(localStorage.getItem(key));
    return Array.isArray(slugs) ? slugs : [];
  } catch {
    return [];
  }
}
