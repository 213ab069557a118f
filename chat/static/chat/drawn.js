// Pages of the room as the server draws them: what is older or newer comes from the addresses that also work without a
// script, so that it is drawn the same.

import { handOver } from "./focus.js";

class Unavailable extends Error {}

/** The log of such a page: its items, and what stands above and below them. */
async function fetchPage(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok || response.redirected) throw new Unavailable(address);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const [items, top, bottom] = ["items", "top", "bottom"].map((id) => [...page.getElementById(id).children]);
  return { items: items.map((item) => document.adoptNode(item)), top, bottom };
}

/** One end of the log: loads the next page, for `onPage`, whenever the reader comes near. */
export class Edge {
  #element;
  #observer;
  #onPage;
  #scroller;
  #loading = false;

  constructor({ element, scroller, rootMargin, onPage }) {
    this.#element = element;
    this.#scroller = scroller;
    this.#onPage = onPage;
    element.addEventListener("click", (event) => {
      if (!event.target.closest("[rel]")) return;
      event.preventDefault();
      this.#go();
    });
    this.#observer = new IntersectionObserver(
      (entries) => { if (entries.some((entry) => entry.isIntersecting)) this.#go(); },
      { root: scroller, rootMargin },
    );
    this.watch();
  }

  /** The address of the next page, or null at the very end. */
  get next() {
    return this.#element.querySelector("[rel]")?.href ?? null;
  }

  /** Look anew whether the reader is near; that is told at once. */
  watch() {
    this.#observer.unobserve(this.#element);
    if (this.next) this.#observer.observe(this.#element);
  }

  async #go() {
    if (this.#loading || !this.next) return;
    const link = this.#element.querySelector("[rel]");
    const words = link.dataset.words ??= link.textContent;
    link.textContent = `Loading ${words.toLowerCase()}…`;
    this.#loading = true;
    try {
      const page = await fetchPage(link.href);
      handOver(this.#element, this.#scroller);
      this.#onPage(page);
      this.watch();
    } catch (error) {
      link.textContent = `${words} could not be loaded. Try again`;
      if (!(error instanceof Unavailable)) throw error;
    } finally {
      this.#loading = false;
    }
  }
}
