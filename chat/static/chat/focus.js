// The focus never falls to nowhere: what goes off the page hands it to something that stays.

/** Put the focus on `place` if it is on this element or on a part of it, which is about to go. */
export function handOver(element, place) {
  if (!element?.contains(document.activeElement)) return;
  if (place.tabIndex < 0) place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

/** Give the focus back to what opened something; to `place` where that has gone, or is hidden now. */
export function giveBack(opener, place) {
  opener?.focus({ preventScroll: true });
  if (!opener || document.activeElement !== opener) place.focus({ preventScroll: true });
}

/** Keep the focus where it is: going back, a browser takes it to what the address ends with. */
export function stay() {
  const { activeElement } = document;
  setTimeout(() => activeElement.focus({ preventScroll: true }));
}
