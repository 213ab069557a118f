// The state of the line, in calm words, in a polite status region: nothing while all is well.

const PATIENCE_MS = 1000;
const THANKS_MS = 2500;

export class Connection {
  #element;
  #signIn;
  #rooms;
  #timer = 0;
  #troubled = false;

  constructor({ element, signIn, rooms }) {
    this.#element = element;
    this.#signIn = signIn;
    this.#rooms = rooms;
  }

  lost() {
    if (this.#troubled) return;
    this.#troubled = true;
    // Most losses are over before anybody needs to know.
    this.#later(PATIENCE_MS, () => this.#say("Connection lost. Trying again; what you write is kept and sent then."));
  }

  restored() {
    if (!this.#troubled) return;
    this.#troubled = false;
    clearTimeout(this.#timer);
    if (!this.#element.firstElementChild) return;
    this.#say("Connected again.", { good: true });
    this.#later(THANKS_MS, () => this.#element.replaceChildren());
  }

  /** The socket was closed for good: say why and offer the way on. */
  ended(code) {
    clearTimeout(this.#timer);
    switch (code) {
      case 4401: return this.#say("You are signed out.", { link: "Sign in", href: this.#signIn });
      case 4403: return this.#say("You are not in this room any more.", { link: "Other rooms", href: this.#rooms });
      case 4404: return this.#say("This room is not open to you any more.", { link: "Other rooms", href: this.#rooms });
      case 4410: return this.#say("This room was deleted.", { link: "Other rooms", href: this.#rooms });
      default: return this.#say("This page is out of step with the server.", { link: "Load it again", href: "" });
    }
  }

  #say(words, { good = false, link = "", href = "" } = {}) {
    const strip = document.createElement("p");
    strip.className = "connection";
    strip.classList.toggle("connection--good", good);
    strip.textContent = words;
    if (link) {
      const way = document.createElement("a");
      way.href = href;
      way.textContent = link;
      strip.append(" ", way);
    }
    this.#element.replaceChildren(strip);
  }

  #later(wait, act) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, wait);
  }
}
