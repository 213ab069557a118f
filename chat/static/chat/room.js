// The room page: takes over from what the server drew, and wires the parts together.

import { Attaching } from "./attaching.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { closeSidesWhenWide, rename } from "./frame.js";
import { History } from "./history.js";
import { Marker } from "./marker.js";
import { Messages } from "./messages.js";
import { Newer } from "./newer.js";
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
const messagesUrl = `/api/rooms/${start.room}/messages/`;

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
    presence: new Presence(start.people),
    connection: new Connection({ element: byId("connection"), signIn: start.sign_in, rooms: start.rooms }),
    marker: new Marker({ socket, reading, scroller: byId("timeline"), items, isMember: start.member }),
  };
  const elements = { items, menu: byId("message-menu"), emoji: byId("emoji-menu"), told: byId("told") };
  room.messages = new Messages({ start, ...elements, socket, timeline, marker: room.marker });
  room.history = watchHistory(room);
  room.newer = watchNewer(room);
  room.composer = openComposer(room);
  room.messages.use(room.composer, start.room);
  follow(room);
  closeSidesWhenWide();
  socket.open();
}

function watchHistory({ timeline, reading, messages }) {
  const log = byId("timeline");
  return new History({
    top: byId("top"),
    scroller: log,
    messagesUrl,
    before: start.first_seq,
    onPage(frames) {
      // Old messages are not news: they are not read aloud.
      log.ariaLive = "off";
      reading.release();
      for (const item of timeline.prepend(frames)) messages.dress(item);
      setTimeout(() => { log.ariaLive = null; });
    },
  });
}

function watchNewer(room) {
  const log = byId("timeline");
  return new Newer({
    bottom: byId("bottom"),
    scroller: log,
    messagesUrl,
    after: start.last_seq,
    isBehind: start.has_newer,
    onPage(frames) {
      log.ariaLive = "off";
      for (const frame of frames) show(room, frame);
      setTimeout(() => { log.ariaLive = null; });
    },
    onEnd(held) {
      for (const frame of held) show(room, frame);
      room.reading.caughtUp();
    },
  });
}

function openComposer({ outbox, reading, typing, marker, messages, newer }) {
  const form = byId("composer");
  if (!form) return null;
  const composer = new Composer({
    form,
    maxChars: start.message_max_chars,
    draftKey: `parlor.draft.${start.room}.${start.me?.username ?? ""}`,
    onSend(sending) {
      outbox.add(sending);
      marker.wake();
      reading.toEnd();
      typing.told();
      // Kept by the outbox, and sent once, wherever the line is: it belongs at the end of the log.
      if (newer.isBehind) location.assign(location.pathname);
    },
    onEdit: (seq, value) => messages.edit(seq, value),
    onUp: () => messages.editLast(),
    onTyping: () => typing.tell(),
  });
  if (start.me) {
    const limits = { max: start.attachments_max, maxBytes: start.file_max_bytes };
    composer.attaching = new Attaching({ form, room: start.room, ...limits, onChange: () => composer.refresh() });
  }
  return composer;
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

/** Slow mode: what was written goes back into the box, which says how long to wait. */
function waitForTurn({ outbox, composer, messages, timeline }, { client_id, retry_after_ms }) {
  const sending = outbox.takeBack(client_id);
  if (!sending) return;
  composer.wait(sending, retry_after_ms);
  const answered = timeline.message(sending.reply_to);
  if (answered) messages.reply(answered);
}

/** One more entry of the log: a message or a change of the room. */
function record(room, frame) {
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

/** Put an entry of the log where it belongs on the page. */
function show({ reading, timeline, messages }, frame) {
  reading.hold();
  timeline.add(frame);
  messages.hear(frame);
  if (frame.type === "room.updated" && "first_seq" in frame.changes) timeline.expire(frame.changes.first_seq);
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
