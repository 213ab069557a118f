// The permanent address of a message, and how it gets to the clipboard.

/** The whole permanent address of a message. */
export function addressOf(seq) {
  return new URL(`${seq}/`, location.origin + location.pathname).href;
}

/** Put words on the clipboard. False where the browser does not let us. */
export async function copied(words) {
  try {
    await navigator.clipboard.writeText(words); // missing without HTTPS
    return true;
  } catch {
    return copiedByHand(words);
  }
}

function copiedByHand(words) {
  const field = document.createElement("textarea");
  field.value = words;
  field.className = "unseen";
  document.body.append(field);
  const before = document.activeElement;
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}
