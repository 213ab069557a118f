// Code blocks: each has a button that copies it.

import { copied } from "./links.js";
import { icon } from "./templates.js";
import { say } from "./toast.js";

const DONE_MS = 1600;

/** Give each code block of a message its button. One that has it already is left alone. */
export function dressCode(element) {
  for (const block of element.querySelectorAll(".message__text pre")) {
    if (block.parentElement.matches(".code")) continue;
    const frame = document.createElement("div");
    frame.className = "code";
    block.replaceWith(frame);
    frame.append(block, copyButton(block));
  }
}

function copyButton(block) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--icon button--small code__copy";
  button.ariaLabel = button.title = "Copy code";
  button.append(icon("copy"));
  button.addEventListener("click", async () => {
    const done = await copied(block.textContent.replace(/\n$/, ""));
    say(done ? "The code is copied." : "The code could not be copied. Select it and press Ctrl+C.");
    if (!done) return;
    button.replaceChildren(icon("check"));
    setTimeout(() => button.replaceChildren(icon("copy")), DONE_MS);
  });
  return button;
}
