// A page of old messages: what is newer is loaded as the reader comes near its end. Until then what happens now is held
// back, so that the log never has a gap.

const AHEAD = "0px 0px 800px";

export class Newer {
  #bottom;
  #url;
  #after;
  #onPage;
  #onEnd;
  #held;
  #loading = false;
  #observer;

  constructor({ bottom, scroller, messagesUrl, after, isBehind, onPage, onEnd }) {
    this.#bottom = bottom;
    this.#url = messagesUrl;
    this.#after = after;
    this.#onPage = onPage;
    this.#onEnd = onEnd;
    this.#held = isBehind ? [] : null;
    if (!isBehind) return;
    bottom.querySelector("#later").addEventListener("click", (event) => {
      event.preventDefault();
      this.#load();
    });
    this.#observer = new IntersectionObserver(
      (entries) => { if (entries.some((entry) => entry.isIntersecting)) this.#load(); },
      { root: scroller, rootMargin: AHEAD },
    );
    this.#observer.observe(bottom);
  }

  /** Whether the page does not reach the present yet. */
  get isBehind() {
    return this.#held !== null;
  }

  /** Keep a frame back until the page has come so far. False where it has. */
  holds(frame) {
    this.#held?.push(frame);
    return this.isBehind;
  }

  async #load() {
    if (this.#loading || !this.isBehind) return;
    this.#loading = true;
    const link = this.#bottom.querySelector("#later");
    link.textContent = "Loading later messages…";
    try {
      const page = await this.#fetch();
      this.#after = page.results.at(-1)?.seq ?? this.#after;
      this.#onPage(page.results);
      if (page.next) this.#goOn(link);
      else this.#finish();
    } catch {
      link.textContent = "Later messages could not be loaded. Try again";
      this.#loading = false;
    }
  }

  async #fetch() {
    const response = await fetch(`${this.#url}?after=${this.#after}`, {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
    });
    if (!response.ok) throw new Error(`newer: ${response.status}`);
    return response.json();
  }

  #goOn(link) {
    link.textContent = "Later messages";
    link.href = `?after=${this.#after}`;
    this.#loading = false;
    this.#observer.unobserve(this.#bottom);
    this.#observer.observe(this.#bottom);
  }

  #finish() {
    const held = this.#held;
    this.#held = null;
    this.#observer.disconnect();
    this.#bottom.replaceChildren();
    this.#onEnd(held);
  }
}
