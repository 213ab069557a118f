// What one begins to write after @ or : is completed from a list, by the arrow keys and Enter, or by a touch. The focus
// stays in the box.

import { dressAvatar } from "./people.js";
import { fromTemplate } from "./templates.js";

const BEGUN = /(?<before>^|[\s(])(?<sign>[@:])(?<typed>[\p{L}\p{N}_.+-]{0,30})$/u;
const MOST = 8;
const LEAST = { "@": 0, ":": 2 };
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class Completing {
  #text;
  #list;
  #told;
  #sources;
  #begun = null;
  #active = 0;

  /** `sources`: for each sign a function of what was typed that gives [{ insert, label, note, sign or user }]. */
  constructor({ text, list, told, sources }) {
    this.#text = text;
    this.#list = list;
    this.#told = told;
    this.#sources = sources;
    text.setAttribute("aria-autocomplete", "list");
    text.setAttribute("aria-controls", list.id);
    text.addEventListener("input", (event) => { if (!event.isComposing) this.look(); });
    text.addEventListener("keydown", (event) => this.#onKey(event), { capture: true });
    text.addEventListener("blur", () => this.close());
    // Before the blur, so that a touch chooses.
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.#take(option);
    });
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  close() {
    this.#begun = null;
    this.#list.hidden = true;
    this.#told.textContent = "";
    this.#text.removeAttribute("aria-activedescendant");
  }

  /** Offer what may complete what stands before the cursor. */
  async look() {
    const { selectionStart: end, selectionEnd, value } = this.#text;
    const begun = end === selectionEnd ? BEGUN.exec(value.slice(0, end)) : null;
    const { sign, typed } = begun?.groups ?? {};
    if (!begun || typed.length < LEAST[sign] || !this.#sources[sign]) return this.close();
    const place = { start: end - typed.length - 1, end };
    this.#begun = place;
    const found = await this.#sources[sign](typed, MOST);
    // Somebody may have typed on meanwhile.
    if (this.#begun !== place) return undefined;
    // A name that is written in full leaves nothing to choose: Enter sends.
    return found.length && found[0].insert !== sign + typed ? this.#open(found) : this.close();
  }

  #open(found) {
    this.#list.replaceChildren(...found.map(optionElement));
    this.#list.hidden = false;
    this.#told.textContent = `${found.length} suggestion${found.length === 1 ? "" : "s"}`;
    this.#activate(0);
  }

  #activate(place) {
    const options = [...this.#list.children];
    this.#active = (place + options.length) % options.length;
    options.forEach((option, at) => { option.ariaSelected = String(at === this.#active); });
    this.#text.setAttribute("aria-activedescendant", options[this.#active].id);
    options[this.#active].scrollIntoView({ block: "nearest" });
  }

  #onKey(event) {
    if (!this.isOpen || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, shiftKey } = event;
    if (key in STEPS) this.#activate(this.#active + STEPS[key]);
    else if ((key === "Enter" || key === "Tab") && !shiftKey) this.#take(this.#list.children[this.#active]);
    else if (key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #take(option) {
    const { start, end } = this.#begun;
    this.close();
    this.#text.setRangeText(`${option.dataset.insert} `, start, end, "end");
    this.#text.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

function optionElement({ insert, label, note, sign, user }, place) {
  const option = fromTemplate("suggestion-template");
  option.id = `suggestion-${place}`;
  option.dataset.insert = insert;
  const [mark, name, about] = option.children;
  if (user) {
    mark.className = "avatar avatar--small";
    dressAvatar(mark, user);
  } else {
    mark.textContent = sign;
  }
  name.textContent = label;
  about.textContent = note;
  return option;
}
