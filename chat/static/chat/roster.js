// What the people of the room are good for: each has a card with what one can do, and a crowd can be filtered.

import { dressAvatar, sameUser } from "./people.js";

const MANY = 12;
const MARGIN_PX = 8;
const byId = (id) => document.getElementById(id);

/** Open the cards of people, and filter them where they are many. */
export function watchPeople({ messages, composer }) {
  const people = byId("people");
  const filter = byId("people-filter");
  const refilter = () => keep(people, filter);
  filter.addEventListener("input", refilter);
  for (const id of ["people-here", "people-away"]) new MutationObserver(refilter).observe(byId(id), { childList: true });
  refilter();
  const card = byId("person-card");
  people.addEventListener("click", ({ target }) => {
    const row = target.closest(".person__row");
    if (row) show(card, row);
  });
  card.querySelector("[data-do=mention]").addEventListener("click", () => mention(card));
  // The moderators' link is drawn for them alone; who cannot write mentions nobody.
  card.querySelector("[data-do=mention]").hidden = composer === null || !messages.policies.may("post");
}

function keep(people, filter) {
  const rows = [...people.querySelectorAll(".person")];
  filter.hidden = rows.length < MANY && !filter.value;
  const words = filter.value.trim().toLowerCase();
  for (const row of rows) {
    const name = row.querySelector(".person__name");
    row.hidden = !`${name.textContent} ${name.title}`.toLowerCase().includes(words);
  }
}

function show(card, row) {
  const name = row.querySelector(".person__name");
  const user = { name: name.textContent, username: name.title.slice(1) };
  const tag = row.querySelector(".tag");
  dressAvatar(card.querySelector(".avatar"), user);
  card.querySelector(".card__name").textContent = user.name;
  card.querySelector(".card__about").textContent = [`@${user.username}`, tag.textContent].filter(Boolean).join(" · ");
  card.dataset.username = user.username;
  const start = JSON.parse(byId("start").textContent);
  const form = card.querySelector("form");
  form.hidden = !start.me || sameUser(user, start.me);
  form.elements.people.value = user.username;
  card.showPopover();
  place(card, row);
}

/** Put the name where one writes. */
function mention(card) {
  const text = byId("text");
  const before = text.value.slice(0, text.selectionStart);
  const space = before && !/\s$/u.test(before) ? " " : "";
  card.hidePopover();
  byId("people").hidePopover();
  text.focus();
  text.setRangeText(`${space}@${card.dataset.username} `, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function place(card, row) {
  const { left, top } = row.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = card;
  card.style.left = `${Math.max(MARGIN_PX, Math.min(left - width - MARGIN_PX, innerWidth - width - MARGIN_PX))}px`;
  card.style.top = `${Math.max(MARGIN_PX, Math.min(top, innerHeight - height - MARGIN_PX))}px`;
}
