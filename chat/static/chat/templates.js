// The server's own templates, from which both paints are drawn.

/** A new element from the template with this id. */
export function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** An icon of the page, by its name. */
export function icon(name) {
  const drawn = document.querySelector("#message-menu .icon").cloneNode(true);
  const use = drawn.firstElementChild;
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${name}`));
  return drawn;
}
