// The keyboard in the log. It is one stop of the Tab key: up and down go from message to message, single keys do something
// with the one in focus.

import { closeLast } from "./escaping.js";
import { lettersAreOn } from "./shortcuts.js";

/** Which key does what to the message in focus, as the help tells it. */
export const KEYS = [
  { keys: ["arrowup", "arrowdown"], words: "To the message before or after" },
  { keys: ["home", "end"], words: "To the first or the last message here" },
  { keys: ["enter"], words: "What can be done with the message" },
  { keys: ["r"], words: "Reply", act: "reply" },
  { keys: ["e"], words: "Edit it, where it is yours", act: "edit" },
  { keys: ["+"], words: "React", act: "react" },
  { keys: ["p"], words: "Pin it, or take the pin off", act: "pin" },
  { keys: ["c"], words: "Copy its link", act: "copy" },
  { keys: ["u"], words: "Mark unread from here", act: "unread" },
  { keys: ["delete"], words: "Delete it", act: "delete" },
  { keys: ["escape"], words: "Back to the message box" },
];
const ACTS = new Map(KEYS.filter(({ act }) => act).map(({ keys, act }) => [keys[0], act]));
const MESSAGES = ".message[data-seq]";

export class Roving {
  #items;
  #policies;
  #toolbar;
  #onDo;
  #onLeave;

  constructor({ items, scroller, policies, toolbar, onDo, onLeave }) {
    this.#items = items;
    this.#policies = policies;
    this.#toolbar = toolbar;
    this.#onDo = onDo;
    this.#onLeave = onLeave;
    scroller.addEventListener("keydown", (event) => this.#onKey(event));
    items.addEventListener("pointerdown", (event) => this.#lookAt(event.target.closest(MESSAGES)));
  }

  /** Put the focus on a message, and bring it into view. */
  focus(item) {
    if (!item) return;
    this.#lookAt(item);
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  }

  #lookAt(item) {
    if (item) item.tabIndex = -1;
  }

  #onKey(event) {
    const item = event.target.closest(MESSAGES);
    const onItem = item === event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (item && !onItem) return;
    if (this.#move(event.key, item) || (onItem && this.#act(event.key, item))) event.preventDefault();
  }

  #move(key, item) {
    const all = [...this.#items.querySelectorAll(MESSAGES)];
    const at = all.indexOf(item);
    switch (key) {
      case "ArrowUp": this.focus(item ? all[Math.max(0, at - 1)] : all.at(-1)); return true;
      case "ArrowDown": this.focus(item ? all[at + 1] ?? item : all.at(-1)); return true;
      case "Home": this.focus(all[0]); return true;
      case "End": this.focus(all.at(-1)); return true;
      case "Escape":
        if (item && !closeLast()) this.#onLeave();
        return item !== null;
      default: return false;
    }
  }

  #act(key, item) {
    if (item.classList.contains("is-deleted")) return false;
    if (key === "Enter") this.#toolbar.openMenu(item);
    else if (key === "ArrowRight") this.#toolbar.focus(item);
    else return this.#letter(key, item);
    return true;
  }

  #letter(key, item) {
    const act = ACTS.get(key.toLowerCase());
    if (!act || (key.length === 1 && !lettersAreOn())) return false;
    const wanted = act === "pin" && item.classList.contains("is-pinned") ? "unpin" : act;
    if (!this.#policies.allows(wanted, item)) return true;
    if (wanted === "react") this.#toolbar.openEmoji(item);
    else this.#onDo(wanted, item);
    return true;
  }
}
