// Addresses: that of a message, and how it gets to the clipboard; and which of them the panel shows.

/** The whole permanent address of a message. */
export function addressOf(seq) {
  return new URL(`${seq}/`, location.origin + location.pathname).href;
}

/** Which view of the panel a link leads to; null where it leads elsewhere. Guests cannot search. */
export function viewBehind({ pathname, search }, { room, me }) {
  if (pathname === "/search/" && me) return { name: "search", query: search };
  const here = `/rooms/${room}/`;
  const [, name, seq] = (pathname.startsWith(here) && pathname.slice(here.length).match(/^(pins|files|threads)\/(?:(\d+)\/)?$/)) || [];
  if (name === "threads") return { name: "thread", seq: Number(seq) };
  return name && !seq ? { name } : null;
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
