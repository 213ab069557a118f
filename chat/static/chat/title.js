// What the tab says while I look elsewhere: a number in the title and a mark on the icon.

let bare = document.title;
let mark = "";

/** The page is about something else now. */
export function retitle(name) {
  bare = `${name} · Parlor`;
  show();
}

/** Say how much waits for me: what is said to me by its number, anything else by a dot. */
export function tellWaiting({ toMe, other }) {
  mark = toMe ? `(${shortly(toMe)}) ` : other ? "• " : "";
  show();
  const link = document.getElementById("favicon");
  const icon = toMe ? link.dataset.mention : other ? link.dataset.unread : link.dataset.plain;
  // Setting the same address again would make some browsers fetch it again.
  if (link.getAttribute("href") !== icon) link.setAttribute("href", icon);
}

/** A number that fits its place. */
export function shortly(number) {
  return number > 99 ? "99+" : String(number);
}

function show() {
  document.title = mark + bare;
}
