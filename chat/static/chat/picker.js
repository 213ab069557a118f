// The menu of emoji: found by their names, the ones I used last at hand, the arrow keys in all of them.

import { emojiNamed } from "./emoji.js";
import { keep, kept } from "./keeping.js";
import { me } from "./places.js";

const KEY = `parlor.emoji.${me}`;
const FOUND_MAX = 40;
const RECENT_MAX = 8;
const NAMED = /[\p{L}\p{N}]/u;

export class Picker {
  #menu;
  #field;
  #found;
  #usual;
  #recent;
  #asked = 0;

  constructor(menu) {
    this.#menu = menu;
    this.#field = menu.querySelector("input");
    this.#found = menu.querySelector("#emoji-found");
    this.#usual = menu.querySelector("#emoji-usual");
    this.#recent = menu.querySelector("#emoji-recent");
    this.#field.addEventListener("input", () => this.#search());
    menu.addEventListener("keydown", (event) => this.#onKey(event), { capture: true });
    // Before the toolbar takes the sign, so that a name becomes a sign, and what was taken is remembered.
    menu.addEventListener("submit", (event) => this.#submit(event), { capture: true });
    menu.addEventListener("click", ({ target }) => remember(target.closest("button[value]")?.value), { capture: true });
    menu.addEventListener("beforetoggle", ({ newState }) => { if (newState === "open") this.#open(); });
    this.#begin();
  }

  #open() {
    this.#field.value = "";
    this.#begin();
  }

  #begin() {
    this.#search();
    const usual = [...this.#usual.children].map(({ value }) => value);
    const recent = (kept(KEY) ?? []).filter((sign) => !usual.includes(sign)).slice(0, RECENT_MAX);
    this.#recent.hidden = !recent.length;
    this.#recent.replaceChildren(...recent.map((sign) => emojiButton(sign, sign)));
  }

  async #search() {
    const typed = this.#field.value.trim();
    const number = this.#asked += 1;
    const found = typed ? await emojiNamed(typed, FOUND_MAX) : [];
    if (number !== this.#asked) return;
    this.#found.replaceChildren(...found.map(({ sign, name }) => emojiButton(sign, name)));
    this.#found.hidden = !found.length;
    this.#usual.parentElement.hidden = found.length > 0;
    const words = found.length ? `${found.length} emoji` : "No emoji of that name.";
    this.#menu.querySelector("[role=status]").textContent = NAMED.test(typed) ? words : "";
  }

  #onKey(event) {
    const { key, target } = event;
    const all = [...this.#menu.querySelectorAll(".menu__emoji button")].filter((button) => button.checkVisibility());
    const at = all.indexOf(target);
    const inField = target === this.#field;
    if (event.isComposing || !key.startsWith("Arrow") || (inField && key !== "ArrowDown") || !all.length) return;
    event.preventDefault();
    event.stopPropagation();
    if (inField) all[0].focus();
    else if (at >= 0) (this.#next(all, at, key) ?? this.#field).focus();
  }

  // Up and down in the same column, wherever the rows end.
  #next(all, at, key) {
    if (key === "ArrowLeft" || key === "ArrowRight") return all[(at + (key === "ArrowLeft" ? all.length - 1 : 1)) % all.length];
    const { offsetTop: top, offsetLeft: left } = all[at];
    const down = key === "ArrowDown";
    const beyond = all.filter((each) => (down ? each.offsetTop > top : each.offsetTop < top));
    if (!beyond.length) return down ? all[at] : null;
    const row = down ? Math.min(...beyond.map((each) => each.offsetTop)) : Math.max(...beyond.map((each) => each.offsetTop));
    return beyond.filter((each) => each.offsetTop === row).sort((a, b) => Math.abs(a.offsetLeft - left) - Math.abs(b.offsetLeft - left))[0];
  }

  // Enter takes the first that was found; what is no name goes as it was written.
  async #submit(event) {
    if (!NAMED.test(this.#field.value)) {
      remember(this.#field.value.trim());
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    await this.#search();
    this.#found.firstElementChild?.click();
  }
}

function remember(sign) {
  if (sign) keep(KEY, [sign, ...(kept(KEY) ?? []).filter((each) => each !== sign)].slice(0, 2 * RECENT_MAX));
}

function emojiButton(sign, name) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--icon";
  button.value = sign;
  button.textContent = sign;
  button.ariaLabel = name;
  button.title = name;
  return button;
}
