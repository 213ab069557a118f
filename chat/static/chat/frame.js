// What stands around the log: the room's name and topic, and the two sides.

import { retitle } from "./title.js";

const byId = (id) => document.getElementById(id);

/** The room is called something else now, or is about something else. */
export function rename({ name, topic, description }) {
  if (topic !== undefined) byId("room-topic").title = byId("room-topic").textContent = byId("about-topic").textContent = topic;
  if (description !== undefined) byId("about-description").textContent = description;
  byId("about").hidden = !byId("about-topic").textContent && !byId("about-description").textContent;
  if (name === undefined) return;
  byId("room-name").textContent = name;
  retitle(name);
  const link = document.querySelector("#rooms [aria-current] bdi");
  if (link) link.textContent = name;
  const text = byId("text");
  if (text) {
    text.placeholder = `Write to ${name}`;
    text.ariaLabel = `Message to ${name}`;
  }
}

/** Keep the composer above a keyboard that covers the page instead of making it smaller. */
export function stayAboveKeyboard() {
  const view = globalThis.visualViewport;
  view?.addEventListener("resize", () => {
    const covered = view.scale === 1 && innerHeight - view.height > 100;
    document.querySelector(".shell").style.height = covered ? `${view.height}px` : "";
    if (covered) scrollTo(0, 0);
  });
}
