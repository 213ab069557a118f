// The panel beside the room: a thread, a search, the pins or the files. Each is a page of its own, too, and its link leads
// there without this. What is open stands in the history: going back closes it.

import { opened } from "./escaping.js";
import { giveBack, stay } from "./focus.js";
import { viewBehind } from "./links.js";

const VIEWS = {
  thread: { title: "Thread", load: () => import("./panel_thread.js") },
  search: { title: "Search", load: () => import("./panel_search.js") },
  pins: { title: "Pinned messages", load: () => import("./panel_pins.js") },
  files: { title: "Files", load: () => import("./panel_files.js") },
};
const covers = matchMedia("(max-width: 46rem)");
const byId = (id) => document.getElementById(id);

export class Panel {
  element = byId("panel");

  #room;
  #start;
  #body = byId("panel-body");
  #opener = null;
  #closed = () => {};
  #shown = null;
  #leave = null;
  #view = null;
  #early = [];
  #excerpt = null;

  constructor(room, start) {
    this.#room = room;
    this.#start = start;
    room.messages.onThread = (seq) => this.open({ name: "thread", seq });
    room.socket.addEventListener("frame", ({ detail }) => this.#hear(detail));
    byId("panel-close").addEventListener("click", () => this.close());
    document.addEventListener("click", (event) => this.#follow(event));
    covers.addEventListener("change", () => this.#cover());
    addEventListener("popstate", ({ state }) => this.#travel(state));
    // A new text is written in the box of the room.
    byId("message-menu").addEventListener("click", ({ target }) => {
      if (target.closest("[data-do=edit]") && covers.matches) this.#forget();
    });
    const what = history.state?.panel;
    if (what) this.#show(what);
    else this.#remember(null);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Show something in the panel; `opener` has the focus again when it closes. */
  open(what, opener = document.activeElement) {
    if (!this.element.contains(opener)) this.#opener = opener;
    const begins = !this.isOpen;
    if (begins) history.pushState({ ...history.state, panel: what, goesBack: true }, "");
    else this.#remember(what);
    this.#show(what, { takesFocus: true });
  }

  /** Close what is open, and let the way back be as if it had not been. */
  close() {
    if (!this.isOpen) return;
    this.#hide();
    if (history.state?.goesBack) history.back();
    else this.#remember(null);
  }

  /** Remember what the panel shows, for when the reader comes back to this page. */
  remember(what) {
    this.#shown = what;
    this.#remember(what);
  }

  /** Offer the way to where this message stands in the room. */
  show(seq) {
    byId("panel-way").href = `${seq}/`;
    byId("panel-way").hidden = false;
  }

  #remember(what) {
    history.replaceState({ ...history.state, panel: what }, "");
  }

  // Without a step in the history, as one follows at once.
  #forget() {
    history.replaceState({ panel: null }, "");
    this.#hide();
  }

  async #show(what, { takesFocus = false } = {}) {
    const { title, load } = VIEWS[what.name];
    this.#end();
    const leaving = new AbortController();
    this.#leave = leaving;
    this.#shown = what;
    byId("panel-title").textContent = title;
    byId("panel-way").hidden = true;
    this.element.hidden = false;
    this.#closed();
    this.#closed = opened(() => this.close());
    this.element.dataset.shows = what.name;
    this.#cover();
    this.#say("Loading…");
    if (takesFocus) this.element.focus({ preventScroll: true });
    try {
      const [{ open }, { Excerpt }] = await Promise.all([load(), import("./excerpt.js")]);
      this.#excerpt ??= new Excerpt(byId("panel-items"), this.#room.messages);
      const place = { panel: this, excerpt: this.#excerpt, body: this.#body, signal: leaving.signal };
      const view = await open({ ...this.#room, ...place, start: this.#start, what });
      if (leaving.signal.aborted) return;
      this.#say("");
      this.#view = view;
      for (const frame of this.#early.splice(0)) view.hear(frame);
      if (takesFocus && document.activeElement === this.element) view.focus?.();
    } catch (error) {
      if (!leaving.signal.aborted) this.#say(error.message);
    }
  }

  #hide() {
    if (!this.isOpen) return;
    this.#end();
    this.#shown = null;
    this.#closed();
    const wasIn = this.element.contains(document.activeElement) || document.activeElement === document.body;
    this.element.hidden = true;
    this.#cover();
    if (wasIn) giveBack(this.#opener, byId("timeline"));
    this.#opener = null;
  }

  #end() {
    this.#leave?.abort();
    this.#leave = null;
    this.#view?.end?.();
    this.#view = null;
    this.#early = [];
    this.#excerpt?.clear();
    this.#body.replaceChildren();
  }

  // On a narrow window nothing beside the panel can be seen, so nothing can be reached.
  #cover() {
    const shell = this.element.parentElement;
    shell.classList.toggle("has-panel", this.isOpen);
    for (const link of shell.querySelectorAll(".room__header a")) {
      const isShown = this.isOpen && viewBehind(link, this.#start)?.name === this.#shown?.name;
      if (isShown) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const each of shell.children) if (each !== this.element) each.inert = this.isOpen && covers.matches;
  }

  #say(words) {
    byId("panel-told").textContent = words;
  }

  // What happens while it loads may be missing in what was loaded.
  #hear(frame) {
    if (this.#view) this.#view.hear(frame);
    else if (this.#leave) this.#early.push(frame);
  }

  #follow(event) {
    const link = event.target.closest("a[href]");
    const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.defaultPrevented || link.target || link.origin !== location.origin) return;
    const what = viewBehind(link, this.#start);
    if (what) {
      event.preventDefault();
      const drawer = link.closest(":popover-open");
      drawer?.hidePopover();
      this.open(what, drawer ? document.activeElement : link);
    } else if (this.element.contains(link)) {
      this.#jump(link, event);
    }
  }

  /** Go to a message that is on the page already; else the link leads to it. */
  #jump({ pathname, hash }, event) {
    const [, seq] = pathname.match(new RegExp(`^/rooms/${this.#start.room}/(\\d+)/$`)) ?? hash.match(/^#m(\d+)$/) ?? [];
    const item = seq && byId(`m${seq}`);
    if (!item) return;
    event.preventDefault();
    if (covers.matches) this.#forget();
    if (location.hash === `#m${seq}`) item.scrollIntoView({ block: "center" });
    else location.hash = `m${seq}`;
  }

  #travel(state) {
    // A step to a message on the page, where what was open stays so.
    if (!state || !("panel" in state)) return this.#remember(this.#shown);
    if (!state.panel) this.#hide();
    else if (JSON.stringify(state.panel) !== JSON.stringify(this.#shown)) this.#show(state.panel);
    return stay();
  }
}
