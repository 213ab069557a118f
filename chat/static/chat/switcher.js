// The quick switcher: a few letters, Enter, and one is in another room or with a person. What the page knows is there
// at once; what the server finds comes below it, and moves nothing that could be chosen already.

import { directWith, foundFor, placesFor } from "./finding.js";
import { writeMarked } from "./matching.js";
import { onNews } from "./news.js";
import { fromTemplate } from "./templates.js";
import { shortly } from "./title.js";

const PAUSE_MS = 150;
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 };

export class Switcher {
  #dialog;
  #input;
  #list;
  #told;
  #found = [];
  #active = "";
  #timer = 0;
  #redraw = 0;
  #search = null;

  constructor(dialog) {
    this.#dialog = dialog;
    this.#input = dialog.querySelector("[role=combobox]");
    this.#list = dialog.querySelector("[role=listbox]");
    this.#told = dialog.querySelector("[role=status]");
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => this.#onClick(event));
    // The focus stays in the field, where one types.
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => this.#leave());
    // On a page that has just begun, my rooms are read while I look; what is new later moves nothing.
    onNews(({ isOld }) => { if (isOld && dialog.open) this.#soon(); });
  }

  /** Offer what fits what was typed into the open dialog. */
  fill() {
    this.#typed();
  }

  #typed() {
    this.#stop();
    this.#active = "";
    // What was found for fewer letters is not for these.
    this.#found = [];
    this.#draw();
    if (this.#input.value.trim()) this.#timer = setTimeout(() => this.#ask(this.#input.value), PAUSE_MS);
    else this.#told.textContent = "";
  }

  async #ask(typed) {
    const search = this.#search = new AbortController();
    try {
      this.#found = await foundFor(typed, search.signal);
    } catch {
      return; // typed on, closed, or without a line: what the page knows is there
    }
    if (search !== this.#search) return;
    this.#draw();
    const number = this.#list.childElementCount;
    this.#told.textContent = number ? `${number} result${number === 1 ? "" : "s"}` : "Nothing found";
  }

  #soon() {
    this.#redraw ||= requestAnimationFrame(() => {
      this.#redraw = 0;
      this.#draw();
    });
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#search?.abort();
    this.#search = null;
  }

  #leave() {
    this.#stop();
    this.#input.value = "";
  }

  #draw() {
    const mine = placesFor(this.#input.value);
    const known = new Set(mine.map(({ key }) => key));
    const all = [...mine, ...this.#found.filter(({ key }) => !known.has(key))];
    this.#list.replaceChildren(...all.map(optionElement));
    this.#dialog.querySelector(".switcher__nothing").hidden = all.length > 0 || !this.#input.value.trim();
    this.#activate(all.some(({ key }) => key === this.#active) ? this.#active : all[0]?.key ?? "");
  }

  #activate(key) {
    this.#active = key;
    let chosen = null;
    for (const option of this.#list.children) {
      option.ariaSelected = String(option.dataset.key === key);
      if (option.dataset.key === key) chosen = option;
    }
    if (chosen) this.#input.setAttribute("aria-activedescendant", chosen.id);
    else this.#input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  #onKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const options = [...this.#list.children];
    const place = options.findIndex((option) => option.dataset.key === this.#active);
    if (event.key in STEPS && options.length) {
      event.preventDefault();
      const step = STEPS[event.key];
      const next = Math.abs(step) === 1 ? (place + step + options.length) % options.length
        : Math.min(options.length - 1, Math.max(0, place + step));
      this.#activate(options[next].dataset.key);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (options[place]) this.#go(options[place], event.ctrlKey || event.metaKey);
    }
  }

  #onClick(event) {
    const option = event.target.closest("[role=option]");
    if (!option || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#go(option, false);
  }

  async #go(option, elsewhere) {
    const { username } = option.dataset;
    let { href } = option;
    if (username) {
      try {
        href = await directWith(username, this.#dialog.querySelector("[name=csrfmiddlewaretoken]").value);
      } catch {
        // The form of direct messages says in words why it does not go.
      }
    }
    if (elsewhere) window.open(href);
    else location.assign(href);
    this.#dialog.close();
  }
}

function optionElement({ key, title, ranges, icon, note, isUnread = false, mentions = 0, unread = 0, isFound = false, username, href }, place) {
  const option = fromTemplate("place-template");
  option.id = `place-${place}`;
  option.dataset.key = key;
  option.href = href;
  if (username) option.dataset.username = username;
  option.classList.toggle("is-unread", isUnread);
  option.classList.toggle("is-found", isFound);
  const use = option.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
  writeMarked(option.querySelector("bdi"), title, ranges);
  option.querySelector(".place__note").textContent = note;
  const badge = option.querySelector(".badge");
  badge.hidden = !mentions && !unread;
  badge.classList.toggle("badge--mention", mentions > 0);
  badge.firstElementChild.textContent = shortly(mentions || unread);
  badge.lastElementChild.textContent = mentions ? " mentions of you" : " unread";
  return option;
}
