// What the message would look like, above the box while one writes: the server formats it as it will when it is sent.

import { watchOpening } from "./escaping.js";

const REST_MS = 400;

export class Preview {
  #form;
  #text;
  #button;
  #pane;
  #said = document.createElement("div");
  #timer = 0;
  #asked = 0;

  constructor(form, button, pane) {
    this.#form = form;
    this.#text = form.elements.text;
    this.#button = button;
    this.#pane = pane;
    this.#said.dir = "auto";
    this.#said.className = "message__text";
    this.#text.addEventListener("input", () => this.#soon());
    watchOpening(pane, () => this.toggle());
  }

  /** Show it, or close it. */
  toggle() {
    const begins = this.#pane.hidden;
    this.#pane.hidden = !begins;
    this.#pane.replaceChildren(...(begins ? [this.#said] : []));
    this.#button.setAttribute("aria-pressed", String(begins));
    this.#text.focus();
    if (begins) this.#show();
  }

  #soon() {
    clearTimeout(this.#timer);
    if (!this.#pane.hidden) this.#timer = setTimeout(() => this.#show(), REST_MS);
  }

  async #show() {
    const value = this.#text.value.trimEnd();
    const number = this.#asked += 1;
    const { html, trouble } = value.trim() ? await this.#ask(value) : { trouble: "Nothing is written yet." };
    if (number !== this.#asked) return;
    this.#said.classList.toggle("is-formatted", Boolean(html));
    this.#said.classList.toggle("quiet", Boolean(trouble));
    if (html) this.#said.innerHTML = html; // what the server made safe, as in message.js
    else this.#said.textContent = trouble ?? value;
  }

  async #ask(value) {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    headers["X-CSRFToken"] = this.#form.elements.csrfmiddlewaretoken.value;
    try {
      const answer = await fetch("/api/formatting/", { method: "POST", body: JSON.stringify({ value }), headers });
      const told = await answer.json();
      return answer.ok ? told : { trouble: told.errors?.[0]?.detail ?? told.detail };
    } catch {
      return { trouble: "The server cannot be reached." };
    }
  }
}
