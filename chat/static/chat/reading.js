// Where the reader is: at the end, following, or further up, undisturbed.
// The timeline scrolls from its end (see timeline.css), so following and older pages need no script; only what is
// added below while somebody reads further up has to be made good.

import { handOver } from "./focus.js";

const NEAR_END_PX = 80;

export class Reading {
  #scroller;
  #button;
  #following = true;
  #heightBefore = null;
  #unseen = 0;
  #isBehind;

  constructor(scroller, button, { isBehind = false } = {}) {
    this.#isBehind = isBehind;
    this.#scroller = scroller;
    this.#button = button;
    scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    button.addEventListener("click", () => {
      if (this.#isBehind) return location.assign(location.pathname);
      this.toEnd();
      scroller.focus({ preventScroll: true });
    });
    // The browser may have gone to a message before this ran.
    this.#onScroll();
  }

  /** The page does not reach the present any more. */
  fallBehind() {
    this.#isBehind = true;
    this.#onScroll();
  }

  /** The page reaches the present now. */
  caughtUp() {
    this.#isBehind = false;
    this.#onScroll();
  }

  get following() {
    return this.#following;
  }

  /** Call before something is added at the end. */
  hold() {
    if (this.#heightBefore !== null) return;
    // Only a reader further up costs a measurement; the follower costs nothing.
    this.#heightBefore = this.#following ? 0 : this.#scroller.scrollHeight;
    requestAnimationFrame(() => this.release());
  }

  /** Put the reader back where they were before what was added since `hold`. */
  release() {
    const before = this.#heightBefore;
    this.#heightBefore = null;
    if (before === null) return;
    if (before === 0) this.#scroller.scrollTop = 0;
    else this.#scroller.scrollTop -= this.#scroller.scrollHeight - before;
  }

  /** Change what is below without moving what is read. */
  keep(change) {
    const { scrollTop, scrollHeight } = this.#scroller; // before: what becomes too short is clamped
    change();
    this.#scroller.scrollTop = scrollTop - (this.#scroller.scrollHeight - scrollHeight);
  }

  /** One more message that the reader has not seen. */
  count() {
    if (this.#following) return;
    this.#unseen += 1;
    this.#show();
  }

  toEnd() {
    this.#following = true;
    this.#heightBefore = null;
    this.#scroller.scrollTop = 0;
    this.#unseen = 0;
    this.#show();
  }

  #onScroll() {
    this.#following = !this.#isBehind && this.#scroller.scrollTop > -NEAR_END_PX;
    if (this.#following) this.#unseen = 0;
    this.#show();
  }

  #show() {
    const news = `${this.#unseen} new message${this.#unseen === 1 ? "" : "s"}`;
    const words = this.#unseen ? news : this.#isBehind ? "Jump to the newest" : "To the newest";
    if (this.#following) handOver(this.#button, this.#scroller);
    this.#button.hidden = this.#following;
    const label = this.#button.querySelector("span");
    if (label.textContent !== words) label.textContent = words;
  }
}
