// The button to the first message that was unread when the page came: shown while that is above what one sees.

import { handOver } from "./focus.js";
import { seek } from "./seeking.js";

export class Unread {
  #button;
  #mark;
  #scroller;
  #observer;

  constructor({ button, scroller, firstUnread }) {
    this.#button = button;
    this.#scroller = scroller;
    this.#mark = scroller.querySelector(".first-new");
    const seq = firstUnread ?? this.#mark?.closest(".message").dataset.seq;
    if (!seq) return;
    button.addEventListener("click", () => {
      this.#end();
      if (!seek(seq)) location.assign(`${location.pathname}${seq}/`);
    });
    // What is further up than the page reaches is above the view in any case.
    if (firstUnread) button.hidden = false;
    else this.#watch(scroller);
  }

  #watch(scroller) {
    this.#observer = new IntersectionObserver(([entry]) => this.#look(entry), { root: scroller });
    this.#observer.observe(this.#mark);
  }

  #look({ isIntersecting, boundingClientRect, rootBounds }) {
    if (isIntersecting || !this.#mark.isConnected) this.#end();
    else this.#button.hidden = boundingClientRect.top >= rootBounds.top;
  }

  // Seen once is enough.
  #end() {
    this.#observer?.disconnect();
    handOver(this.#button, this.#scroller);
    this.#button.hidden = true;
  }
}
