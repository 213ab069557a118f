// What is new in my rooms, at their places in the sidebar and on the list of rooms. What is unread is counted here,
// from two numbers of the server.

import { showInvitations } from "./invitations.js";
import { forgetWhenSigningOut } from "./keeping.js";
import { tellNews } from "./news.js";
import { hideRoom, isLookedAt, showRoom, showWaiting } from "./sidebar.js";
import { tellWaiting } from "./title.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const UNAUTHENTICATED = 4401;
const FINAL = new Set([4400, UNAUTHENTICATED]);
const LOOKS = 2;
const LOOK_AFTER_MS = 900;

const rooms = new Map();
let me = null;
let waitMs = FIRST_WAIT_MS;
let looks = 0; // that are left after a refusal, as in socket.js
let waiting = null; // frames that came while the list is read: they are newer

function open() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/ws/inbox/`);
  socket.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
  socket.addEventListener("close", ({ code }) => {
    if (code === UNAUTHENTICATED && looks > 0) {
      looks -= 1;
      setTimeout(open, LOOK_AFTER_MS);
      return;
    }
    if (FINAL.has(code)) return;
    setTimeout(open, Math.random() * waitMs);
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  });
}

function hear(frame) {
  if (frame.type === "inbox") {
    waitMs = FIRST_WAIT_MS;
    looks = LOOKS;
    me = frame.me;
    showInvitations(frame.totals.invitations);
    load();
  } else if (waiting) waiting.push(frame);
  else take(frame);
}

function take(frame) {
  tellNews(frame);
  switch (frame.type) {
    case "inbox.room": learn(frame.entry); break;
    case "inbox.activity": {
      const known = rooms.get(frame.room);
      if (known) show({ ...known, messages: frame.message_count });
      break;
    }
    case "inbox.gone": lose(frame.room); break;
    case "inbox.invitations": showInvitations(frame.count); break;
    default:
  }
}

// The list as it is now; a room that is not in it any more was lost while nobody listened.
async function load() {
  const mine = waiting = [];
  const lost = new Set(rooms.keys());
  for (const row of document.querySelectorAll("[data-rooms] [data-room]:not([aria-current])")) lost.add(row.dataset.room);
  try {
    for (let url = "/api/inbox/?limit=100"; url;) {
      const answer = await fetch(url);
      if (!answer.ok) return;
      const { results, next } = await answer.json();
      for (const entry of results) {
        learn(entry);
        tellNews({ type: "inbox.room", entry, isOld: true });
        lost.delete(entry.room.slug);
      }
      url = next;
    }
    for (const slug of lost) lose(slug);
  } catch {
    // The server is away: the socket ends too, and everything is read again.
  } finally {
    if (waiting === mine) waiting = null;
    for (const frame of mine) hear(frame);
  }
}

function lose(slug) {
  rooms.delete(slug);
  hideRoom(slug);
  sum();
}

function learn({ room, people, message_count, messages_read, mentions, muted, favourite, position }) {
  const { slug, topic, kind, guests } = room;
  const others = people?.filter((person) => person.id !== me?.id).map((person) => person.name).join(", ");
  const head = { slug, title: others || room.name, topic, kind, guests, archived: room.archived_at !== null };
  const known = { ...head, messages: message_count, read: messages_read, mentions, muted, favourite, position };
  showRoom(known);
  show(known);
}

function show(room) {
  rooms.set(room.slug, room);
  showWaiting(room, isLookedAt(room.slug) ? 0 : unreadIn(room));
  sum();
}

function sum() {
  let toMe = 0;
  let other = false;
  for (const room of rooms.values()) {
    if (room.archived || isLookedAt(room.slug)) continue;
    const unread = room.muted ? 0 : unreadIn(room);
    toMe += room.kind === "direct" ? Math.max(unread, room.mentions) : room.mentions;
    other ||= unread > 0;
  }
  tellWaiting({ toMe, other });
}

function unreadIn(room) {
  return Math.max(0, room.messages - room.read);
}

// Whether I look at the open room depends on where I am in it.
function watchLooking() {
  const again = () => {
    const room = rooms.get(document.querySelector("[data-room][aria-current]")?.dataset.room);
    if (room) show(room);
  };
  document.addEventListener("visibilitychange", again);
  const newer = document.getElementById("newer");
  if (newer) new MutationObserver(again).observe(newer, { attributeFilter: ["hidden"] });
}

watchLooking();
forgetWhenSigningOut();
open();
