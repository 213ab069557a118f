// Invitations: their number in the sidebar, and on the page of rooms the invitations themselves.

/** Say how many invitations wait for me. */
export function showInvitations(count) {
  const way = document.getElementById("invited-way");
  if (way) {
    way.hidden = count === 0;
    document.getElementById("invited-count").textContent = count;
  }
  const list = document.getElementById("invitations");
  if (list && list.querySelectorAll(".invited").length !== count) draw(list);
}

// The server draws them, forms and all: take over what it draws now.
async function draw(list) {
  try {
    const answer = await fetch(location.pathname);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById("invitations");
    // Not under the hands of somebody who is about to answer one.
    if (now && !list.contains(document.activeElement)) list.replaceChildren(...now.childNodes);
  } catch {
    // The server is away: the next load draws them.
  }
}
