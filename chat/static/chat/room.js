// The room page: takes over from what the server drew, and wires the parts together.

import { Announcing } from "./announcing.js";
import { Connection } from "./connection.js";
import { rename, stayAboveKeyboard } from "./frame.js";
import { show, watchHistory, watchNewer } from "./log.js";
import { Marker } from "./marker.js";
import { Messages } from "./messages.js";
import { Outbox } from "./outbox.js";
import { sameUser } from "./people.js";
import { Panel } from "./panel.js";
import { watchPictures } from "./pictures.js";
import { Presence } from "./presence.js";
import { Reading } from "./reading.js";
import { watchPeople } from "./roster.js";
import { watchLinks } from "./seeking.js";
import { offer } from "./shortcuts.js";
import { RoomSocket } from "./socket.js";
import { Timeline } from "./timeline.js";
import { say } from "./toast.js";
import { Typing } from "./typing.js";
import { Unread } from "./unread.js";
import { openComposer, waitForTurn } from "./writing.js";

const POSITION_INVALID = 4409;
const RELOAD_AT_MOST_EVERY_MS = 30_000;
const TOO_FAR_BEHIND = 1000;

const byId = (id) => document.getElementById(id);
const start = JSON.parse(byId("start").textContent);

enter();

function enter() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new RoomSocket({
    url: `${scheme}//${location.host}/ws/chat/${start.room}/`,
    position: start.seq,
    epoch: start.epoch,
    me: start.me,
  });
  const items = byId("items");
  const timeline = new Timeline(items, start.me);
  const reading = new Reading(byId("timeline"), byId("newer"), { isBehind: start.has_newer });
  const room = {
    socket,
    timeline,
    reading,
    outbox: new Outbox({ key: `parlor.outbox.${start.room}.${start.me?.username ?? ""}`, socket, timeline }),
    typing: new Typing({ element: byId("typing"), me: start.me, send: (frame) => socket.send(frame) }),
    presence: new Presence(start.people, start.me),
    connection: new Connection({ element: byId("connection"), signIn: start.sign_in, rooms: start.rooms }),
    announcing: new Announcing(byId("announced"), start.me),
    marker: new Marker({ socket, reading, scroller: byId("timeline"), items, isMember: start.member }),
  };
  const elements = { items, menu: byId("message-menu"), emoji: byId("emoji-menu"), told: byId("told") };
  room.messages = new Messages({ start, ...elements, socket, timeline, marker: room.marker });
  room.history = watchHistory(room);
  room.newer = watchNewer(room);
  room.composer = openComposer(start, room);
  room.messages.use(room.composer, start.room);
  room.panel = new Panel(room, start); // hears what happens before the room does
  watchPeople(room);
  watchLinks(items, start.room);
  watchPictures(byId("viewer"));
  new Unread({ button: byId("first-unread"), scroller: byId("timeline"), firstUnread: start.first_unread });
  follow(room);
  offer("read", () => room.marker.readAll() && say("Everything here is read."));
  drawOnNarrow();
  stayAboveKeyboard();
  socket.open();
  performance.mark("live"); // from here on the page does what it is asked; platform/bench/page.py reads it
}

// On a wide window the sides have places of their own.
function drawOnNarrow() {
  const draw = () => import("./drawers.js").then(({ watchDrawers }) => watchDrawers(), () => {});
  const narrow = matchMedia("(max-width: 68rem)");
  if (narrow.matches) draw();
  else narrow.addEventListener("change", draw, { once: true });
}

function follow(room) {
  const { socket, connection } = room;
  socket.addEventListener("frame", (event) => hear(room, event.detail));
  socket.addEventListener("ready", () => {
    connection.restored();
    room.marker.soon();
  });
  socket.addEventListener("lost", () => connection.lost());
  socket.addEventListener("stop", (event) => {
    if (event.detail === POSITION_INVALID && reload()) return;
    connection.ended(event.detail);
    room.composer?.close();
  });
}

function hear(room, frame) {
  room.presence.hear(frame);
  switch (frame.type) {
    case "hello":
      // Thousands of missed messages are read faster as a fresh page.
      if (frame.seq - room.socket.position > TOO_FAR_BEHIND) reload();
      break;
    case "truncated": room.timeline.expire(frame.first_seq); break;
    case "typing": room.typing.hear(frame); break;
    case "ack":
      if (room.messages.commands.hear(frame)) break;
      room.outbox.settle(frame.client_id);
      room.timeline.settle(frame.client_id, frame.seq);
      break;
    case "error":
      if (room.messages.commands.hear(frame)) break;
      if (frame.code === "slow_mode" && room.composer) waitForTurn(room, frame);
      else room.outbox.refuse(frame);
      break;
    default:
      if (Number.isInteger(frame.seq) && frame.type !== "pong") record(room, frame);
  }
}

/** One more entry of the log: a message or a change of the room. */
function record(room, frame) {
  if (frame.type === "message") room.announcing.hear(frame);
  // What happens to a message that is on the page is shown at once, also where the page is behind.
  if (room.newer.holds(frame)) room.messages.hear(frame);
  else show(room, frame);
  if (frame.type === "message") {
    if (!sameUser(frame.user, start.me)) room.reading.count();
    room.typing.stop(frame.user);
    room.outbox.settle(frame.client_id);
  }
  room.marker.soon();
  if (frame.type === "room.updated") rename(frame.changes);
  if (changesWhatIMayDo(frame)) location.reload();
  if (frame.type === "member.joined" && sameUser(frame.user, start.me)) {
    byId("join")?.remove();
    room.marker.joined();
    room.messages.joined();
  }
}

// The server draws the page by what its reader may do.
function changesWhatIMayDo({ type, changes, user }) {
  if (type === "member.updated") return sameUser(user, start.me);
  return type === "room.updated" && ["archived", "posting", "slow_mode_s", "kind"].some((field) => field in changes);
}

/** Load the page anew, unless that was done a moment ago and did not help. */
function reload() {
  const last = Number(sessionStorage.getItem("parlor.reloaded"));
  if (Date.now() - last < RELOAD_AT_MOST_EVERY_MS) return false;
  sessionStorage.setItem("parlor.reloaded", Date.now());
  location.reload();
  return true;
}
