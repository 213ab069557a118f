// The dialog that says who reacted how to a message.

const dialog = document.getElementById("reactors");
dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });

/** Open it with these reactions: each an emoji, and words for who put it there. */
export function showReactors(reactions) {
  dialog.querySelector("dl").replaceChildren(...reactions.map(({ emoji, words }) => {
    const row = document.createElement("div");
    row.appendChild(document.createElement("dt")).textContent = emoji;
    row.appendChild(document.createElement("dd")).textContent = words;
    return row;
  }));
  dialog.showModal();
}
