// Light or dark at once, in every window of this device; the server keeps the choice (chat/theme.py).

const windows = new BroadcastChannel("parlor.theme");
const WALLS = { light: "#f3f6f3", dark: "#101512" };

for (const form of document.querySelectorAll("[data-theme-form]")) form.addEventListener("submit", choose);
windows.addEventListener("message", ({ data }) => show(data));
// A page out of the browser's memory may be older than the choice.
addEventListener("pageshow", (event) => { if (event.persisted) show(kept()); });

function choose(event) {
  event.preventDefault();
  const body = new FormData(event.currentTarget, event.submitter);
  const theme = body.get("theme");
  show(theme);
  windows.postMessage(theme);
  // Without a line the choice holds until the next page.
  fetch(event.currentTarget.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
}

function show(theme) {
  const root = document.documentElement;
  if (theme in WALLS) root.dataset.theme = theme;
  else delete root.dataset.theme;
  const scheme = document.querySelector('meta[name="color-scheme"]');
  scheme.content = theme in WALLS ? theme : "light dark";
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    meta.content = WALLS[theme] ?? WALLS[meta.media.includes("dark") ? "dark" : "light"];
  }
  for (const button of document.querySelectorAll("[data-theme-form] button")) {
    button.ariaPressed = String(button.value === theme);
  }
}

function kept() {
  return /(?:^|; )parlor_theme=(light|dark)(?:;|$)/.exec(document.cookie)?.[1] ?? "system";
}
