// What a browser keeps for me on this device: what is not sent yet, and what I began to write. It goes when I sign out.

const WRITINGS = ["parlor.outbox.", "parlor.draft.", "parlor.emoji."];
let signedOut = false;

/** What is kept under this key, or null. */
export function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Everything that is kept under keys that begin so. */
export function keptUnder(prefix) {
  return keysUnder(prefix).map(kept).filter(Boolean);
}

/** Keep this, or nothing any more. Without storage it lives as long as the page. */
export function keep(key, value) {
  try {
    if (value === null || signedOut) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full, or not allowed.
  }
}

/** Hear what other tabs keep under keys that begin so: the rest of the key, and the value or null. */
export function watchKept(prefix, hear) {
  addEventListener("storage", ({ key, newValue }) => {
    if (key?.startsWith(prefix)) hear(key.slice(prefix.length), newValue === null ? null : JSON.parse(newValue));
  });
}

/** Leave nothing of what I wrote for whoever signs in next. */
export function forgetWhenSigningOut() {
  addEventListener("submit", ({ target }) => {
    if (!new URL(target.action).pathname.startsWith("/accounts/logout/")) return;
    signedOut = true;
    for (const key of WRITINGS.flatMap(keysUnder)) keep(key, null);
  });
}

function keysUnder(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
