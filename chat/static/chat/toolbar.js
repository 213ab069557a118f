// The toolbar of each message and the two menus of the page: what can be done with the message, and reactions.
//
// One stop of the Tab key per message; left and right go through its buttons, up and down to other messages.

const MARGIN_PX = 8;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Toolbar {
  #items;
  #menu;
  #emoji;
  #policies;
  #onDo;
  #onReact;
  #item = null;
  #wasOpen = null;

  constructor({ items, menu, emoji, policies, onDo, onReact }) {
    this.#items = items;
    this.#menu = menu;
    this.#emoji = emoji;
    this.#policies = policies;
    this.#onDo = onDo;
    this.#onReact = onReact;
    this.#listen();
    this.refresh();
  }

  /** Offer on every message what I may do now. */
  refresh() {
    for (const right of ["react", "post"]) this.#items.classList.toggle(`may-${right}`, this.#policies.may(right));
    this.#items.classList.add("is-live");
  }

  #listen() {
    // A press on the button whose menu is open closes it, before the click comes.
    addEventListener("pointerdown", () => { this.#wasOpen = this.#opened() && this.#item; }, { capture: true });
    this.#items.addEventListener("click", (event) => this.#press(event));
    this.#items.addEventListener("keydown", (event) => this.#walk(event));
    for (const popover of [this.#menu, this.#emoji]) {
      popover.addEventListener("keydown", (event) => step(event, popover));
      popover.addEventListener("toggle", ({ newState }) => {
        if (newState === "closed" && !this.#opened()) this.#item?.classList.remove("is-chosen");
      });
    }
    this.#menu.addEventListener("click", ({ target }) => this.#choose(target.closest("[data-do]")));
    this.#emoji.addEventListener("click", ({ target }) => this.#react(target.closest("[value]")?.value));
    this.#emoji.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#react(event.target.elements.emoji.value.trim());
      event.target.reset();
    });
  }

  #opened() {
    return [this.#menu, this.#emoji].some((popover) => popover.matches(":popover-open"));
  }

  #press(event) {
    const button = event.target.closest(".toolbar [data-do]");
    if (!button) return;
    const item = button.closest(".message");
    if (event.detail && this.#wasOpen === item) return;
    if (button.dataset.do === "reply") this.#onDo("reply", item);
    else this.#open(button.dataset.do === "react" ? this.#emoji : this.#menu, item, button);
  }

  #open(popover, item, anchor) {
    this.#item?.classList.remove("is-chosen");
    this.#item = item;
    for (const each of this.#menu.querySelectorAll("[data-do]")) each.hidden = !this.#policies.allows(each.dataset.do, item);
    popover.showPopover();
    item.classList.add("is-chosen");
    place(popover, anchor);
    popover.querySelector("button:not([hidden])").focus();
  }

  #choose(button) {
    if (!button) return;
    this.#menu.hidePopover();
    const anchor = this.#item.querySelector(".toolbar [data-do=more]");
    if (button.dataset.do === "react") this.#open(this.#emoji, this.#item, anchor);
    else this.#onDo(button.dataset.do, this.#item);
  }

  #react(emoji) {
    if (!emoji) return;
    this.#emoji.hidePopover();
    this.#onReact(this.#item, emoji);
  }

  #walk(event) {
    const button = event.target.closest(".toolbar button");
    const move = button && STEPS[event.key];
    if (!move) return;
    event.preventDefault();
    const [across, along] = move;
    const bars = along ? [...this.#items.querySelectorAll(".message .toolbar")] : [];
    const bar = along ? bars[bars.indexOf(button.parentElement) + along] : button.parentElement;
    const buttons = bar ? [...bar.children].filter((each) => each.checkVisibility()) : [];
    const next = along ? buttons.find((each) => each.dataset.do === button.dataset.do) : buttons[buttons.indexOf(button) + across];
    next?.focus();
  }
}

/** The arrow keys go through the buttons of a menu. */
function step(event, popover) {
  const move = event.target.matches("input") ? null : STEPS[event.key];
  if (!move) return;
  event.preventDefault();
  const buttons = [...popover.querySelectorAll("button:not([hidden])")];
  const next = (buttons.indexOf(document.activeElement) + move[0] + move[1] + buttons.length) % buttons.length;
  buttons[next].focus();
}

/** Under the button, or above it where there is no room; on narrow windows the style sheet puts it at the foot. */
function place(popover, anchor) {
  const { right, top, bottom } = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const fits = bottom + MARGIN_PX + height <= innerHeight;
  popover.style.left = `${Math.max(MARGIN_PX, Math.min(right, innerWidth - MARGIN_PX) - width)}px`;
  popover.style.top = `${fits ? bottom + MARGIN_PX / 2 : Math.max(MARGIN_PX, top - height - MARGIN_PX / 2)}px`;
}
