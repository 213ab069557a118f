// A page that does not reach the present: what is newer is loaded as the reader comes near its end. Until then what
// happens now is held back, so that the log never has a gap.

import { Edge } from "./drawn.js";
import { fromTemplate } from "./templates.js";

const AHEAD = "0px 0px 800px";
const HELD_MAX = 500; // what is older comes with the pages

export class Newer {
  #bottom;
  #edge;
  #held;
  #dropped = 0;

  /** `onPage` gets the items of a newer page; `onEnd` what was held back, once the page reaches the present. */
  constructor({ bottom, scroller, onPage, onEnd }) {
    this.#bottom = bottom;
    this.#held = bottom.querySelector("[rel]") ? [] : null;
    this.#edge = new Edge({
      element: bottom,
      scroller,
      rootMargin: AHEAD,
      onPage: (page) => {
        onPage(page.items);
        bottom.replaceChildren(...page.bottom);
        if (!this.#edge.next) this.#finish(page.items, onEnd);
      },
    });
  }

  /** Whether the page does not reach the present. */
  get isBehind() {
    return this.#held !== null;
  }

  /** Keep a frame back until the page has come so far. False where it has. */
  holds(frame) {
    if (!this.isBehind) return false;
    this.#held.push(frame);
    if (this.#held.length > HELD_MAX) this.#dropped = this.#held.shift().seq;
    return true;
  }

  /** The page ends with this number now: what is after it can be loaded again. */
  endAt(seq) {
    this.#held ??= [];
    const link = fromTemplate("later-template");
    link.querySelector("[rel]").href = `?after=${seq}`;
    this.#bottom.replaceChildren(link);
    this.#edge.watch();
  }

  #finish(items, onEnd) {
    const reached = Number(items.at(-1)?.dataset.seq ?? 0);
    if (reached && reached < this.#dropped) return this.endAt(reached);
    const held = this.#held;
    this.#held = null;
    this.#dropped = 0;
    return onEnd(held);
  }
}
