// The state of the line, in calm words, in a polite status region: nothing while all is well.

const PATIENCE_MS = 1000;
const THANKS_MS = 2500;
const LOST = "Connection lost. Trying again; what you write is kept and sent then.";
const OFFLINE = "You are offline. What you write is kept, and sent when you are back.";
const BACK = "Back online. Connecting again …";

export class Connection {
  #element;
  #signIn;
  #rooms;
  #timer = 0;
  #lost = false; // the socket
  #offline = false; // the device, which knows at once what the socket learns later
  #over = false;

  constructor({ element, signIn, rooms }) {
    this.#element = element;
    this.#signIn = signIn;
    this.#rooms = rooms;
    addEventListener("offline", () => this.#setOffline(true));
    addEventListener("online", () => this.#setOffline(false));
  }

  lost() {
    if (this.#lost) return;
    this.#lost = true;
    // Most losses are over before anybody needs to know.
    if (!this.#offline) this.#later(PATIENCE_MS, () => this.#say(LOST));
  }

  restored() {
    this.#lost = this.#offline = false;
    this.#thank();
  }

  #setOffline(offline) {
    if (this.#over || this.#offline === offline) return;
    this.#offline = offline;
    clearTimeout(this.#timer);
    if (offline) this.#say(OFFLINE);
    else if (this.#lost) this.#say(BACK);
    else this.#thank();
  }

  #thank() {
    clearTimeout(this.#timer);
    if (!this.#element.firstElementChild) return;
    this.#say("Connected again.", { good: true });
    this.#later(THANKS_MS, () => this.#element.replaceChildren());
  }

  /** The socket was closed for good: say why and offer the way on. */
  ended(code) {
    this.#over = true;
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
