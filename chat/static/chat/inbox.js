// What is new in my rooms, at their places in the sidebar and on the list of rooms: unread in bold with a number,
// mentions apart. What is unread is counted here, from two numbers of the server.

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const FINAL = new Set([4400, 4401]);

const title = document.title;
const rooms = new Map();
let waitMs = FIRST_WAIT_MS;
let waiting = null; // frames that came while the list is read: they are newer

function open() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/ws/inbox/`);
  socket.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
  socket.addEventListener("close", ({ code }) => {
    if (FINAL.has(code)) return;
    setTimeout(open, Math.random() * waitMs);
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  });
}

function hear(frame) {
  if (frame.type === "inbox") {
    waitMs = FIRST_WAIT_MS;
    load();
  } else if (waiting) waiting.push(frame);
  else take(frame);
}

function take(frame) {
  switch (frame.type) {
    case "inbox.room": learn(frame.entry); break;
    case "inbox.activity": {
      const known = rooms.get(frame.room);
      if (known) show(frame.room, { ...known, messages: frame.message_count });
      break;
    }
    case "inbox.gone": lose(frame.room); break;
    default:
  }
}

// The list as it is now; a room that is not in it any more was lost while nobody listened.
async function load() {
  const mine = waiting = [];
  const lost = new Set(rooms.keys());
  try {
    for (let url = "/api/inbox/?limit=100"; url;) {
      const answer = await fetch(url);
      if (!answer.ok) return;
      const { results, next } = await answer.json();
      for (const entry of results) {
        learn(entry);
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
  for (const place of places(slug)) place.closest("li").remove();
  showTitle();
}

function learn({ room, message_count, messages_read, mentions, muted }) {
  show(room.slug, { messages: message_count, read: messages_read, mentions, muted });
}

function show(slug, room) {
  rooms.set(slug, room);
  const unread = Math.max(0, room.messages - room.read);
  for (const place of places(slug)) {
    place.classList.toggle("is-unread", unread > 0 && !room.muted);
    place.classList.toggle("is-muted", room.muted);
    const badge = place.querySelector(".badge");
    // What I am looking at is about to be read.
    const looking = place.hasAttribute("aria-current") && document.visibilityState === "visible"
      && !document.querySelector("#items.is-marked");
    badge.hidden = looking || !unread || room.muted && !room.mentions;
    badge.classList.toggle("badge--mention", room.mentions > 0);
    badge.firstElementChild.textContent = shortly(room.mentions || unread);
    badge.lastElementChild.textContent = room.mentions ? " mentions of you" : " unread";
  }
  showTitle();
}

function showTitle() {
  let mentions = 0;
  for (const room of rooms.values()) mentions += room.mentions;
  const bare = document.title.replace(/^\(\d+\+?\) /, "") || title;
  document.title = mentions ? `(${shortly(mentions)}) ${bare}` : bare;
}

function places(slug) {
  return document.querySelectorAll(`[data-room="${CSS.escape(slug)}"]`);
}

function shortly(number) {
  return number > 99 ? "99+" : String(number);
}

open();
