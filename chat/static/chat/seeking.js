// Going to a message: where it is on the page it is brought into view and lights up, else its own address is opened.

const LIT = "is-found";

/** Bring a message of the page into view, let it light up and put the focus on it. False where it is not on the page. */
export function seek(seq) {
  const item = document.getElementById(`m${seq}`);
  if (!item) return false;
  if (location.hash !== `#m${seq}`) location.hash = `m${seq}`;
  item.scrollIntoView({ block: "center" });
  item.tabIndex = -1;
  item.focus({ preventScroll: true });
  lightUp(item);
  return true;
}

/** Follow the links from message to message: what a reply answers, what was pinned, what people link to. */
export function watchLinks(items, room) {
  const here = `/rooms/${room}/`;
  items.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { origin, pathname, hash } = link;
    if (origin !== location.origin || link.matches(".message__at")) return;
    const rest = pathname.startsWith(here) ? pathname.slice(here.length) : null;
    const [, seq] = rest === "" ? hash.match(/^#m(\d+)$/) ?? [] : rest?.match(/^(\d+)\/$/) ?? [];
    if (!seq) return;
    event.preventDefault();
    if (!seek(seq)) location.assign(`${here}${seq}/`);
  });
}

function lightUp(item) {
  item.classList.remove(LIT);
  requestAnimationFrame(() => item.classList.add(LIT));
  item.addEventListener("animationend", () => item.classList.remove(LIT), { once: true });
}
