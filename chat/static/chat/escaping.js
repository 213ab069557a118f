// What is open on the page, in the order in which it was opened: Escape closes the last. Popovers and dialogs are in an
// order of the browser's own, always after these.

const open = [];

/** Say that something was opened, and how to close it. Call what this returns when it was closed otherwise. */
export function opened(close) {
  open.push(close);
  return () => {
    const place = open.indexOf(close);
    if (place >= 0) open.splice(place, 1);
  };
}

/** Keep an element in the order that is opened and closed by its `hidden`. */
export function watchOpening(element, close) {
  let closed = element.hidden ? null : opened(close);
  new MutationObserver(() => {
    if (element.hidden === !closed) return;
    if (closed) {
      closed();
      closed = null;
    } else closed = opened(close);
  }).observe(element, { attributeFilter: ["hidden"] });
}

/** Whether the browser closes something at Escape: a popover or a dialog. */
export function browserCloses() {
  return document.querySelector(":popover-open, dialog[open]") !== null;
}

/** Close what was opened last. Returns whether there was something. */
export function closeLast() {
  const close = open.at(-1);
  close?.();
  return Boolean(close);
}
