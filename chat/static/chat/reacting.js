// Reactions: a button for each emoji under a message, pressed where mine is among them.

import { handOver } from "./focus.js";
import { fromTemplate } from "./templates.js";

const list = (element) => element.querySelector(".reactions");
const names = new Map(); // of people, by id, as far as this page has met them

/** Remember what somebody is called. */
export function meet(user) {
  if (user) names.set(user.id, user.name);
}

/** Show these reactions under a message. */
export function writeReactions(element, reactions) {
  list(element).replaceChildren(...reactions.map(({ emoji, count, users }) => {
    const item = fromTemplate("reaction-template");
    write(item.firstElementChild, emoji, count, users);
    return item;
  }));
}

export class Reacting {
  #items;
  #me;
  #commands;
  #policies;

  constructor({ items, me, commands, policies }) {
    this.#items = items;
    this.#me = me;
    this.#commands = commands;
    this.#policies = policies;
    this.serve(items);
  }

  /** Let the reactions of this list be pressed. */
  serve(list) {
    list.addEventListener("click", (event) => {
      const button = event.target.closest(".reaction");
      if (button) this.#toggle(button);
    });
  }

  /** Say which of a message's reactions are mine, and let me press them. */
  dress(item) {
    for (const button of list(item).querySelectorAll(".reaction")) {
      const users = usersOf(button);
      button.disabled = !this.#policies.may("react");
      button.setAttribute("aria-pressed", String(users.has(this.#me?.id)));
      button.title = who(users, countOf(button), this.#me?.id);
    }
  }

  /** Open what says who reacted how: a finger and the keyboard see no title of a button. */
  async show(item) {
    const { showReactors } = await import("./reactors.js");
    const found = [...list(item).querySelectorAll(".reaction")];
    showReactors(found.map((button) => ({ emoji: button.value, words: who(usersOf(button), countOf(button), this.#me?.id) })));
  }

  /** Put my emoji on a message. */
  react(seq, emoji) {
    return this.#commands.ask({ type: "react", seq, emoji });
  }

  /** Somebody added or removed one: `count` says how many there are now, so hearing it twice changes nothing. */
  hear({ type, actor, emoji, count }, item) {
    let button = [...list(item).querySelectorAll(".reaction")].find((each) => each.value === emoji);
    if (count === 0) {
      handOver(button, item);
      button?.parentElement.remove();
      return;
    }
    if (!button) {
      button = list(item).appendChild(fromTemplate("reaction-template")).firstElementChild;
      write(button, emoji, count, []);
    }
    const users = usersOf(button);
    if (actor && type === "reaction.added") users.add(actor.id);
    else if (actor) users.delete(actor.id);
    write(button, emoji, count, users);
    this.dress(item);
  }

  #toggle(button) {
    const seq = Number(button.closest(".message").dataset.seq);
    const type = button.getAttribute("aria-pressed") === "true" ? "unreact" : "react";
    this.#commands.ask({ type, seq, emoji: button.value });
  }
}

function write(button, emoji, count, users) {
  button.value = emoji;
  button.dataset.users = [...users].join(" ");
  const [sign, number] = button.children;
  sign.textContent = emoji;
  number.textContent = count;
}

function usersOf(button) {
  return new Set(button.dataset.users.split(" ").filter(Boolean).map(Number));
}

function countOf(button) {
  return Number(button.lastElementChild.textContent);
}

function who(users, count, me) {
  const known = [...users].filter((id) => id !== me && names.has(id)).map((id) => names.get(id));
  if (users.has(me)) known.unshift("You");
  const others = count - known.length;
  if (others) known.push(known.length ? `${others} more` : `${others} ${others === 1 ? "person" : "people"}`);
  return known.join(", ");
}
