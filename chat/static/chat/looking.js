// Which rooms I am looking at, in any window of this browser: each window that is looked at holds a lock of its room's
// name, which goes with the window.

import { here } from "./places.js";

const PREFIX = "parlor.looking.";
let release = null;

/** Let the other windows know from now on whether this one is looked at. */
export function watchLooking() {
  if (!here || !navigator.locks) return;
  for (const [target, type] of [[document, "visibilitychange"], [window, "focus"], [window, "blur"]]) {
    target.addEventListener(type, tell);
  }
  tell();
}

/** Whether I look at a room, in this window or another. */
export async function isLookedAtAnywhere(slug) {
  if (slug === here && isLooking()) return true;
  const held = (await navigator.locks.query()).held ?? [];
  return held.some(({ name }) => name === PREFIX + slug);
}

function isLooking() {
  return document.visibilityState === "visible" && document.hasFocus();
}

function tell() {
  if (isLooking() === Boolean(release)) return;
  if (release) {
    release();
    release = null;
    return;
  }
  navigator.locks.request(PREFIX + here, { mode: "shared" }, () => new Promise((end) => {
    if (isLooking()) release = end;
    else end();
  }));
}
