// Emoji by their names. The list is fetched when somebody looks for one the first time.

import { match } from "./matching.js";

const address = document.getElementById("emoji-menu").dataset.emoji;
let loading = null;

/** The emoji that fit best what was typed: [{ sign, name }]. Nothing where the list cannot be had. */
export async function emojiNamed(typed, most) {
  const all = await (loading ??= load());
  const found = [];
  for (const [sign, names] of all) {
    const [name, ...aliases] = names.map((each) => each.replaceAll("_", " "));
    const fit = match(typed.replaceAll("_", " "), name, aliases);
    if (fit) found.push({ sign, name, score: fit.score });
  }
  return found.sort((one, other) => other.score - one.score).slice(0, most);
}

async function load() {
  try {
    return Object.entries(await (await fetch(address)).json());
  } catch {
    loading = null;
    return [];
  }
}
