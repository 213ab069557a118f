// The dialog that says what the keys do, drawn from the tables of the modules that listen to them.

import { KEYS } from "./roving.js";
import { lettersAreOn, namesOf, SHORTCUTS, switchLetters } from "./shortcuts.js";

const GROUPS = [...SHORTCUTS, { heading: "In the log, from message to message", keys: KEYS }];

export class Help {
  #dialog;

  constructor(dialog) {
    this.#dialog = dialog;
    const letters = dialog.querySelector("[name=letters]");
    letters.checked = lettersAreOn();
    letters.addEventListener("change", () => switchLetters(letters.checked));
    dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
  }

  /** Write the keys into the dialog. */
  fill() {
    const place = this.#dialog.querySelector(".help-groups");
    if (!place.childElementCount) place.append(...GROUPS.map(groupElement));
  }
}

function groupElement({ heading, keys }) {
  const section = document.createElement("section");
  const title = section.appendChild(document.createElement("h3"));
  title.textContent = heading;
  const list = section.appendChild(document.createElement("dl"));
  for (const { keys: shortcuts, words } of keys) {
    const row = list.appendChild(document.createElement("div"));
    row.appendChild(document.createElement("dt")).append(...shortcuts.map(keysElement));
    row.appendChild(document.createElement("dd")).textContent = words;
  }
  return section;
}

function keysElement(shortcut) {
  const keys = document.createElement("span");
  keys.className = "keys";
  keys.append(...namesOf(shortcut).map((name) => {
    const key = document.createElement("kbd");
    key.textContent = name;
    return key;
  }));
  return keys;
}
