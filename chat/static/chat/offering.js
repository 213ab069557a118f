// What is offered while one writes: people after @, emoji after :.

import { Completing } from "./completing.js";
import { emojiNamed } from "./emoji.js";
import { Mentioning } from "./mentioning.js";

/** Complete what is written in a box, from now on and for what stands there already. */
export function completeIn(text, room) {
  const mentioning = new Mentioning(room);
  const people = async (typed, most) => (await mentioning.find(typed, most)).map(({ username, name, note, ...user }) => ({
    insert: `@${username}`, label: `@${username}`, note, sign: "@", user: name === null ? null : { username, name, ...user },
  }));
  const emoji = async (typed, most) => (await emojiNamed(typed, most)).map(({ sign, name }) => ({
    insert: sign, label: name, note: "", sign,
  }));
  const list = document.getElementById("completion");
  const told = document.getElementById("completion-told");
  new Completing({ text, list, told, sources: { "@": people, ":": emoji } }).look();
}
