// What the keyboard does on every page, and the buttons that do the same for a finger.

import { watchOpening } from "./escaping.js";
import { here, myPlaces } from "./places.js";
import { offer, watchKeys } from "./shortcuts.js";
import { say } from "./toast.js";

const byId = (id) => document.getElementById(id);

const opens = {
  switch: opening(byId("switcher"), async () => new (await import("./switcher.js")).Switcher(byId("switcher"))),
  help: opening(byId("shortcuts"), async () => new (await import("./help.js")).Help(byId("shortcuts"))),
};

for (const [name, open] of Object.entries(opens)) offer(name, open);
for (const [name, step, only] of [["previous", -1, false], ["next", 1, false], ["previous-unread", -1, true], ["next-unread", 1, true]]) {
  offer(name, () => walk(step, only));
}
offer("search", search);
for (const button of document.querySelectorAll("[data-open]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.closest("[popover]")?.hidePopover();
    opens[button.dataset.open]();
  });
}
const purpose = byId("purpose");
if (purpose) watchOpening(purpose, () => purpose.querySelector("button").click());
watchKeys();

/** What opens a dialog, or closes it. It is there at once, and takes letters; what fills it comes with the first use. */
function opening(dialog, load) {
  let loading = null;
  return async () => {
    if (dialog.open) {
      dialog.close();
      return;
    }
    dialog.showModal();
    try {
      (await (loading ??= load())).fill();
    } catch {
      loading = null;
      dialog.close();
      say("The server cannot be reached.");
    }
  };
}

/** To the next of my rooms, as they stand in the sidebar; on pages without it, as the switcher has them. */
function walk(step, onlyUnread) {
  const rows = [...document.querySelectorAll("[data-rooms] a[data-room]")];
  const rooms = rows.length
    ? rows.map((row) => ({ slug: row.dataset.room, href: row.href, isUnread: row.classList.contains("is-unread") }))
    : myPlaces().map(({ slug, unread, muted }) => ({ slug, href: `/rooms/${slug}/`, isUnread: unread > 0 && !muted }));
  const place = rooms.findIndex(({ slug }) => slug === here);
  const from = place < 0 && step < 0 ? 0 : place;
  for (let away = 1; away <= rooms.length; away += 1) {
    const room = rooms[(from + step * away + rooms.length * 2) % rooms.length];
    if (room.slug !== here && (room.isUnread || !onlyUnread)) {
      location.assign(room.href);
      return;
    }
  }
  say(onlyUnread ? "Nothing else is unread." : "There is no other room.");
}

/** To the field that searches on this page, else to the page that does. */
function search() {
  const field = [...document.querySelectorAll("main [type=search]")].find((each) => each.checkVisibility());
  if (field) field.focus();
  else location.assign(document.body.dataset.search || "/");
}
