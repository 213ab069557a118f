// A click on a picture opens it over the page. What shows it comes with the first.

/** Open pictures in this dialog instead of a new tab. With Ctrl, Shift or the middle button they still open there. */
export function watchPictures(dialog) {
  let viewer = null;
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a.picture");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    try {
      viewer ??= import("./viewer.js").then(({ Viewer }) => new Viewer(dialog));
      (await viewer).open(link);
    } catch {
      viewer = null;
      location.assign(link.href);
    }
  });
}
