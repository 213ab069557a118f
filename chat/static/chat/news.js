// What comes over the inbox, told to whoever on this page wants to know: each "news" event has a frame as its detail.
// An entry that was only read, and is no news, comes as an "inbox.room" with `isOld`.

const news = new EventTarget();

/** Pass a frame of the inbox on. */
export function tellNews(frame) {
  news.dispatchEvent(new CustomEvent("news", { detail: frame }));
}

/** Hear every frame of the inbox from now on. */
export function onNews(hear) {
  news.addEventListener("news", ({ detail }) => hear(detail));
}
