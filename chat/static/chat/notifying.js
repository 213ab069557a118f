// Notifications of the browser, on this device, for whoever asked for them: of messages that are for me and that I am not
// looking at. Of all windows that hear of one, a single window tells it.

import { isForMe } from "./deciding.js";
import { isLookedAtAnywhere, watchLooking } from "./looking.js";
import { onNews } from "./news.js";
import { nameOf } from "./people.js";
import { me } from "./places.js";
import { wordsOf } from "./spoken.js";

const TOLD = `parlor.told.${me}`;
const TOLD_MAX = 200;
const STORED_MS = 5000;
const entries = new Map();
const settings = { show: `parlor.notify.${me}`, sound: `parlor.sound.${me}` };
let hint = () => {};

/** Whether this browser can notify at all: it needs HTTPS, and on telephones an app. */
export const canNotify = "Notification" in globalThis && Boolean(navigator.locks);

/** Begin to listen. `onHint` is called when something would have been told, had I asked for it. */
export function watchNews(onHint) {
  if (!canNotify || !me) return;
  hint = onHint;
  watchLooking();
  onNews(hear);
}

/** Whether "show" or "sound" is switched on, and may be. */
export function isOn(name) {
  const chosen = readStored(settings[name]) === "on";
  return chosen && (name === "sound" || Notification.permission === "granted");
}

const playTone = async () => (await import("./tone.js")).playTone();

/** Switch one of them. Returns whether it is on now: the browser may not let it. */
export async function switchTo(name, on) {
  const may = !on || name === "sound" || await Notification.requestPermission() === "granted";
  store(settings[name], on && may ? "on" : "off");
  if (name === "sound" && on) playTone().catch(() => {});
  return on && may;
}

function hear(frame) {
  if (frame.type === "inbox.gone") entries.delete(frame.room);
  if (frame.type === "inbox.room") take(frame.entry, frame.isOld);
  if (frame.type === "inbox.activity" && entries.has(frame.room)) {
    take({ ...entries.get(frame.room), last_message: frame.last_message });
  }
}

function take(entry, isOld = false) {
  const { slug } = entry.room;
  const before = entries.get(slug);
  entries.set(slug, entry);
  if (!isOld && isForMe(entry, before, me)) tell(entry);
}

async function tell(entry) {
  const { slug } = entry.room;
  if (await isLookedAtAnywhere(slug)) return;
  if (!isOn("show") && !isOn("sound")) {
    hint();
    return;
  }
  // Whoever comes first holds the message's lock until the other windows see what it wrote down: what one window stores
  // reaches another one's process a while later.
  const { seq } = entry.last_message;
  await navigator.locks.request(`${TOLD}.${slug}.${seq}`, { ifAvailable: true }, async (lock) => {
    const told = readTold();
    if (!lock || told[slug] >= seq) return;
    store(TOLD, JSON.stringify(Object.fromEntries([...Object.entries({ ...told, [slug]: seq })].slice(-TOLD_MAX))));
    if (isOn("show")) show(entry);
    if (isOn("sound")) playTone().catch(() => {});
    await new Promise((resolve) => { setTimeout(resolve, STORED_MS); });
  });
}

function show({ room, people, last_message: last }) {
  const who = nameOf(last.user);
  const options = { body: wordsOf(last), tag: `${me} ${room.slug}`, renotify: true, silent: true, icon: iconOf() };
  try {
    const shown = new Notification(people ? who : `${who} in ${room.name}`, options);
    shown.addEventListener("click", () => {
      window.focus();
      shown.close();
      location.assign(`/rooms/${room.slug}/${last.seq}/`);
    });
  } catch {
    // Browsers of telephones have the name and not the thing.
  }
}

function iconOf() {
  return document.getElementById("favicon")?.dataset.plain;
}

function readTold() {
  try {
    return JSON.parse(readStored(TOLD)) ?? {};
  } catch {
    return {};
  }
}

function readStored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Without storage nothing stays switched on.
  }
}
