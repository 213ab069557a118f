// Older messages, fetched as the reader comes near the beginning of what is there.

const AHEAD = "800px 0px 0px";

export class History {
  #top;
  #messagesUrl;
  #before;
  #loading = false;
  #onPage;
  #observer;

  constructor({ top, scroller, messagesUrl, before, onPage }) {
    this.#top = top;
    this.#messagesUrl = messagesUrl;
    this.#before = before;
    this.#onPage = onPage;
    const link = top.querySelector("#earlier");
    if (!link) return;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.#load();
    });
    this.#observer = new IntersectionObserver(
      (entries) => { if (entries.some((entry) => entry.isIntersecting)) this.#load(); },
      { root: scroller, rootMargin: AHEAD },
    );
    this.#observer.observe(top);
  }

  async #load() {
    if (this.#loading) return;
    this.#loading = true;
    const link = this.#top.querySelector("#earlier");
    link.textContent = "Loading earlier messages…";
    try {
      const page = await this.#fetch();
      this.#before = page.results[0]?.seq ?? this.#before;
      this.#onPage(page.results);
      if (page.previous) this.#goOn(link);
      else this.#finish();
    } catch {
      link.textContent = "Earlier messages could not be loaded. Try again";
      this.#loading = false;
    }
  }

  async #fetch() {
    const response = await fetch(`${this.#messagesUrl}?before=${this.#before}`, {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
    });
    if (!response.ok) throw new Error(`history: ${response.status}`);
    return response.json();
  }

  #goOn(link) {
    link.textContent = "Earlier messages";
    link.href = `?before=${this.#before}`;
    this.#loading = false;
    // Observing anew reports at once whether the reader is still near the top.
    this.#observer.unobserve(this.#top);
    this.#observer.observe(this.#top);
  }

  #finish() {
    this.#observer.disconnect();
    const beginning = document.getElementById("beginning-template").content.cloneNode(true);
    this.#top.replaceChildren(beginning);
  }
}
