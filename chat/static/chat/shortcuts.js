// The keys of every page, in one table: what happens, and what the help says. Keys of one letter never work in fields,
// and can be switched off; nothing works while a word is being composed.

import { browserCloses, closeLast } from "./escaping.js";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const LETTERS = "parlor.letters";
const FIELDS = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=submit], [type=button])";
const NAMES = { mod: isMac ? "⌘" : "Ctrl", alt: isMac ? "⌥" : "Alt", shift: isMac ? "⇧" : "Shift", arrowup: "↑", arrowdown: "↓",
  arrowleft: "←", arrowright: "→", escape: "Esc", enter: "Enter", home: "Home", end: "End", delete: "Delete" };

/** What the keys do on every page, in groups; `does` names what is offered with `offer`, the others are done elsewhere. */
export const SHORTCUTS = [
  { heading: "Everywhere", keys: [
    { keys: ["mod+k"], words: "Go to a room or a person", does: "switch" },
    { keys: ["alt+arrowup", "alt+arrowdown"], words: "The room before, the next one", does: ["previous", "next"] },
    { keys: ["alt+shift+arrowup", "alt+shift+arrowdown"], words: "The same, among what is unread",
      does: ["previous-unread", "next-unread"] },
    { keys: ["/"], words: "Search", does: "search" },
    { keys: ["?"], words: "This help", does: "help" },
    { keys: ["escape"], words: "Close what was opened last; then take the room for read", does: "escape" },
  ] },
  { heading: "Writing", keys: [
    { keys: ["m"], words: "To the message box", does: "write" },
    { keys: ["enter"], words: "Send" },
    { keys: ["shift+enter"], words: "A new line" },
    { keys: ["mod+shift+p"], words: "What it will look like", does: "preview" },
    { keys: ["arrowup"], words: "In the empty box: edit what I said last" },
  ] },
];

const acts = new Map();
const table = new Map(SHORTCUTS.flatMap(({ keys }) => keys).flatMap(({ keys, does }) =>
  (does ? keys.map((key, place) => [key, [does].flat()[place] ?? does]) : [])));

offer("write", () => document.getElementById("text")?.focus());
offer("escape", () => closeLast() || acts.get("read")?.());

/** Say what a shortcut does on this page. */
export function offer(name, act) {
  acts.set(name, act);
}

/** Listen to the keys of this page. */
export function watchKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    const key = keyOf(event);
    const act = acts.get(table.get(key));
    if (!act || !mayHear(key, event)) return;
    if (key !== "escape") event.preventDefault();
    act();
  });
}

function keyOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  const name = key.toLowerCase();
  // A sign is what it is, wherever the keyboard has it.
  const isSign = name.length === 1 && name.toUpperCase() === name;
  return [(ctrlKey || metaKey) && "mod", altKey && "alt", shiftKey && !isSign && "shift", name].filter(Boolean).join("+");
}

function mayHear(key, { target }) {
  const field = target.closest?.(FIELDS);
  if (key === "escape") return !browserCloses() && (!field || field.closest("#composer, #panel") !== null);
  if (key.startsWith("mod+")) return true;
  if (document.querySelector("dialog:modal")) return false;
  return key.length > 1 || !field && lettersAreOn();
}

/** Whether keys of one letter do something. */
export function lettersAreOn() {
  try {
    return localStorage.getItem(LETTERS) !== "off";
  } catch {
    return true;
  }
}

/** Switch keys of one letter on or off, on this device. */
export function switchLetters(on) {
  try {
    localStorage.setItem(LETTERS, on ? "on" : "off");
  } catch {
    // Without storage they stay on.
  }
}

/** The names of the keys of a shortcut, as they stand on this keyboard. */
export function namesOf(shortcut) {
  return (shortcut === "+" ? ["+"] : shortcut.split("+")).map((name) => NAMES[name] ?? name.toUpperCase());
}
