// Picking people for a direct message: the list follows what is typed, and a press puts somebody into the field. Without
// this the same buttons and the same field ask the server.

const people = document.getElementById("people");
const form = document.getElementById("picking");
const picks = [...form.querySelectorAll(".pick")];

people.addEventListener("input", () => narrow(people.value.split(/[\s,]+/u).pop()));
form.elements.q.addEventListener("input", () => narrow(form.elements.q.value));
form.addEventListener("submit", (event) => {
  form.elements.people.value = people.value;
  if (!event.submitter?.classList.contains("pick")) return;
  event.preventDefault();
  pick(event.submitter);
});

/** Put somebody in the place of the word that was begun, and their button away. */
function pick(button) {
  const words = people.value.split(/[\s,]+/u).filter(Boolean);
  const last = /[\s,]$/u.test(people.value) ? undefined : words.at(-1);
  const isBegun = last !== undefined && !isPicked(last) && isNamed(button, last);
  people.value = `${[...words.slice(0, isBegun ? -1 : undefined), button.value].join(" ")} `;
  form.elements.q.value = "";
  narrow("");
  people.focus();
}

function narrow(text) {
  for (const button of picks) button.parentElement.hidden = !isNamed(button, text) || isPicked(button.value);
}

function isNamed(button, text) {
  return button.textContent.toLocaleLowerCase().includes(text.replace(/^@/u, "").trim().toLocaleLowerCase());
}

function isPicked(username) {
  return people.value.split(/[\s,]+/u).includes(username) && picks.some((button) => button.value === username);
}
