// A few words at the foot of the page for a moment, read aloud politely.

const SHOWN_MS = 3000;
let timer = 0;

/** Say something that needs no answer. */
export function say(words) {
  const place = document.getElementById("toast");
  const line = document.createElement("p");
  line.textContent = words;
  place.replaceChildren(line);
  clearTimeout(timer);
  timer = setTimeout(() => place.replaceChildren(), SHOWN_MS);
}
