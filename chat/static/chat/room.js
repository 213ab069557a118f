// The room page: takes over from what the server drew, and wires the parts together.

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Deleting } from "./deleting.js";
import { History } from "./history.js";
import { Marker } from "./marker.js";
import { Outbox } from "./outbox.js";
import { sameUser } from "./people.js";
import { Presence } from "./presence.js";
import { Reading } from "./reading.js";
import { RoomSocket } from "./socket.js";
import { Timeline } from "./timeline.js";
import { Typing } from "./typing.js";

const POSITION_INVALID = 4409;
const RELOAD_AT_MOST_EVERY_MS = 30_000;
const TOO_FAR_BEHIND = 1000;

const byId = (id) => document.getElementById(id);
const start = JSON.parse(byId("start").textContent);

// An older page was read without the script; live messages belong after the newest.
if (start.has_newer) location.replace(location.pathname);
else enter();

function enter() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new RoomSocket({
    url: `${scheme}//${location.host}/ws/chat/${start.room}/`,
    position: start.seq,
    epoch: start.epoch,
    me: start.me,
  });
  const timeline = new Timeline(byId("items"), start.me);
  const room = {
    socket,
    timeline,
    reading: new Reading(byId("timeline"), byId("newer")),
    outbox: new Outbox({ key: `parlor.outbox.${start.room}.${start.me?.username ?? ""}`, socket, timeline }),
    typing: new Typing({ element: byId("typing"), me: start.me, send: (frame) => socket.send(frame) }),
    presence: new Presence(start.people),
    connection: new Connection({ element: byId("connection"), signIn: start.sign_in, rooms: start.rooms }),
  };
  room.deleting = new Deleting({ items: byId("items"), socket, me: start.me, mayDelete: start.may_delete });
  room.marker = new Marker({ socket, reading: room.reading, scroller: byId("timeline"), isMember: start.member });
  room.history = watchHistory(room);
  room.composer = openComposer(room);
  follow(room);
  closeSidesWhenWide();
  socket.open();
}

function watchHistory({ timeline, reading, deleting }) {
  const log = byId("timeline");
  return new History({
    top: byId("top"),
    scroller: log,
    messagesUrl: `/api/rooms/${start.room}/messages/`,
    before: start.first_seq,
    onPage(frames) {
      // Old messages are not news: they are not read aloud.
      log.ariaLive = "off";
      reading.release();
      for (const item of timeline.prepend(frames)) deleting.dress(item);
      setTimeout(() => { log.ariaLive = null; });
    },
  });
}

function openComposer({ outbox, reading, typing }) {
  const form = byId("composer");
  if (!form) return null;
  return new Composer({
    form,
    maxChars: start.message_max_chars,
    draftKey: `parlor.draft.${start.room}.${start.me?.username ?? ""}`,
    onSend(value) {
      outbox.add(value);
      reading.toEnd();
      typing.told();
    },
    onTyping: () => typing.tell(),
  });
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
    case "typing": room.typing.hear(frame); break;
    case "ack":
      room.outbox.settle(frame.client_id);
      room.timeline.settle(frame.client_id, frame.seq);
      break;
    case "error":
      if (frame.code === "slow_mode" && room.composer) waitForTurn(room, frame);
      else room.outbox.refuse(frame);
      break;
    default:
      if (Number.isInteger(frame.seq) && frame.type !== "pong") record(room, frame);
  }
}

/** Slow mode: what was written goes back into the box, which says how long to wait. */
function waitForTurn({ outbox, composer }, { client_id, retry_after_ms }) {
  const value = outbox.takeBack(client_id);
  if (value !== null) composer.wait(value, retry_after_ms);
}

/** One more entry of the log: a message or a change of the room. */
function record(room, frame) {
  room.reading.hold();
  const item = room.timeline.add(frame);
  if (frame.type === "message") {
    room.typing.stop(frame.user);
    room.outbox.settle(frame.client_id);
    if (item) room.deleting.dress(item);
    if (item && !sameUser(frame.user, start.me)) room.reading.count();
  }
  if (frame.type === "message.deleted") room.timeline.erase(frame.messages);
  room.marker.soon();
  if (frame.type === "room.updated") rename(frame.changes);
  if (changesWhatIMayDo(frame)) location.reload();
  if (frame.type === "member.joined" && sameUser(frame.user, start.me)) {
    byId("join")?.remove();
    room.marker.joined();
  }
}

// The server draws the page by what its reader may do.
function changesWhatIMayDo({ type, changes, user }) {
  if (type === "member.updated") return sameUser(user, start.me);
  return type === "room.updated" && ["archived", "posting", "slow_mode_s"].some((field) => field in changes);
}

function rename({ name, topic }) {
  if (topic !== undefined) byId("room-topic").textContent = byId("room-topic").title = topic;
  if (name === undefined) return;
  byId("room-name").textContent = name;
  document.title = `${name} · Parlor`;
  const link = document.querySelector("#rooms [aria-current] bdi");
  if (link) link.textContent = name;
  const text = byId("text");
  if (text) {
    text.placeholder = `Write to ${name}`;
    text.ariaLabel = `Message to ${name}`;
  }
}

/** Load the page anew, unless that was done a moment ago and did not help. */
function reload() {
  const last = Number(sessionStorage.getItem("parlor.reloaded"));
  if (Date.now() - last < RELOAD_AT_MOST_EVERY_MS) return false;
  sessionStorage.setItem("parlor.reloaded", Date.now());
  location.reload();
  return true;
}

// A side that was opened on a narrow window has a place of its own on a wide one.
function closeSidesWhenWide() {
  for (const [id, query] of [["rooms", "(min-width: 46.01rem)"], ["people", "(min-width: 68.01rem)"]]) {
    matchMedia(query).addEventListener("change", ({ matches }) => { if (matches) byId(id).hidePopover(); });
  }
}
