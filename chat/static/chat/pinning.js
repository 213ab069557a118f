// The mark of a pinned message.

/** Show whether a message is pinned. */
export function writePin(element, isPinned) {
  element.classList.toggle("is-pinned", isPinned);
  element.querySelector(".message__pinned").hidden = !isPinned;
}
