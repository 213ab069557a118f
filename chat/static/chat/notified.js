// The switches of notifications, in the account's menu and on its page, and the one hint that there are some.

import { canNotify, isOn, switchTo, watchNews } from "./notifying.js";
import { say } from "./toast.js";

const HINTED = "parlor.notify.hinted";
const WORDS = {
  show: { on: "You will be notified on this device.", off: "No notifications on this device any more.",
    refused: "The browser does not allow notifications: allow them beside the page's address." },
  sound: { on: "A soft tone will be played.", off: "No tone any more." },
};
const hint = document.getElementById("notify-hint");

for (const box of document.querySelectorAll("[data-notify]")) dress(box);
hint?.addEventListener("click", ({ target }) => answer(target.closest("button")?.value));
addEventListener("storage", refresh);
watchNews(() => { if (hint && Notification.permission === "default" && !hinted()) hint.hidden = false; });

function dress(box) {
  if (!canNotify) return;
  box.closest("[hidden]")?.removeAttribute("hidden");
  box.checked = isOn(box.dataset.notify);
  box.addEventListener("change", async () => {
    const { notify: name } = box.dataset;
    const on = await switchTo(name, box.checked);
    say(WORDS[name][on ? "on" : box.checked ? "refused" : "off"]);
    refresh();
  });
}

function refresh() {
  for (const box of document.querySelectorAll("[data-notify]")) box.checked = isOn(box.dataset.notify);
}

async function answer(value) {
  if (!value) return;
  hint.hidden = true;
  try {
    localStorage.setItem(HINTED, "yes");
  } catch {
    // Without storage it is asked again on the next page.
  }
  if (value !== "show") return;
  say(WORDS.show[await switchTo("show", true) ? "on" : "refused"]);
  refresh();
}

function hinted() {
  try {
    return localStorage.getItem(HINTED) !== null;
  } catch {
    return true;
  }
}
