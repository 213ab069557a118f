// Older entries of the log, fetched as the reader comes near the beginning of what is there.

import { Edge } from "./drawn.js";
import { fromTemplate } from "./templates.js";

const AHEAD = "400px 0px 0px";

export class History {
  #top;
  #edge;

  /** `onPage` gets the items of an older page, in their order. */
  constructor({ top, scroller, onPage }) {
    this.#top = top;
    this.#edge = new Edge({
      element: top,
      scroller,
      rootMargin: AHEAD,
      onPage: (page) => {
        onPage(page.items);
        top.replaceChildren(...page.top);
      },
    });
  }

  /** The page begins with this number now: what is before it can be loaded again. */
  beginAt(seq) {
    const link = fromTemplate("earlier-template");
    link.querySelector("[rel]").href = `?before=${seq}`;
    this.#top.replaceChildren(link);
    this.#edge.watch();
  }
}
