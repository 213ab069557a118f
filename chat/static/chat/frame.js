// What stands around the log: the room's name and topic, and the two sides.

const byId = (id) => document.getElementById(id);

/** The room is called something else now, or is about something else. */
export function rename({ name, topic }) {
  if (topic !== undefined) byId("room-topic").textContent = byId("room-topic").title = topic;
  if (name === undefined) return;
  byId("room-name").textContent = name;
  document.title = `${name} · Parlor`;
  const link = document.querySelector("#rooms [aria-current] bdi");
  if (link) link.textContent = name;
  const text = byId("text");
  if (text) {
    text.placeholder = `Write to ${name}`;
    text.ariaLabel = `Message to ${name}`;
  }
}

/** A side that was opened on a narrow window has a place of its own on a wide one. */
export function closeSidesWhenWide() {
  for (const [id, query] of [["rooms", "(min-width: 46.01rem)"], ["people", "(min-width: 68.01rem)"]]) {
    matchMedia(query).addEventListener("change", ({ matches }) => { if (matches) byId(id).hidePopover(); });
  }
}
