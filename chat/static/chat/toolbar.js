// The toolbar of each message and the two menus of the page: what can be done with the message, and reactions.
//
// Left and right go through the buttons of a message, up and down to those of other messages, Escape back to the message.

const MARGIN_PX = 8;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Toolbar {
  #items;
  #others = [];
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
    for (const list of [this.#items, ...this.#others]) {
      for (const right of ["react", "post"]) list.classList.toggle(`may-${right}`, this.#policies.may(right));
      list.classList.add("is-live");
    }
  }

  /** Serve the messages of another list, too. */
  serve(list) {
    this.#others.push(list);
    this.#hearken(list);
    this.refresh();
  }

  /** Open the menu of a message for whoever uses the keyboard. */
  openMenu(item) {
    this.#open(this.#menu, item, anchorOf(item));
  }

  /** Open the choice of emoji for a message. */
  openEmoji(item) {
    this.#open(this.#emoji, item, anchorOf(item));
  }

  /** Put the focus on the first button of a message. */
  focus(item) {
    visible(item.querySelector(".toolbar"))[0]?.focus();
  }

  #listen() {
    // A press on the button whose menu is open closes it, before the click comes.
    addEventListener("pointerdown", () => { this.#wasOpen = this.#opened() && this.#item; }, { capture: true });
    this.#hearken(this.#items);
    this.#emoji.addEventListener("beforetoggle", () => loadPicker(this.#emoji), { once: true });
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

  #hearken(list) {
    list.addEventListener("click", (event) => this.#press(event));
    list.addEventListener("keydown", (event) => this.#walk(event));
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
    if (button.dataset.do === "react") this.openEmoji(this.#item);
    else this.#onDo(button.dataset.do, this.#item);
  }

  #react(emoji) {
    if (!emoji) return;
    this.#emoji.hidePopover();
    this.#onReact(this.#item, emoji);
  }

  #walk(event) {
    const button = event.target.closest(".toolbar button");
    if (button && event.key === "Escape") {
      event.preventDefault();
      button.closest(".message").focus();
    }
    const move = button && STEPS[event.key];
    if (!move) return;
    event.preventDefault();
    const [across, along] = move;
    const bars = along ? [...button.closest("ol").querySelectorAll(".message .toolbar")] : [];
    const bar = along ? bars[bars.indexOf(button.parentElement) + along] : button.parentElement;
    const buttons = visible(bar);
    const next = along ? buttons.find((each) => each.dataset.do === button.dataset.do) : buttons[buttons.indexOf(button) + across];
    next?.focus();
  }
}

// The usual emoji are there without it.
function loadPicker(menu) {
  import("./picker.js").then(({ Picker }) => new Picker(menu), () => {});
}

function anchorOf(item) {
  return item.querySelector(".toolbar [data-do=more]");
}

function visible(bar) {
  return bar ? [...bar.children].filter((each) => each.checkVisibility()) : [];
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
