// Buttons that copy what a field holds: hidden without a script, where the field can still be selected by hand.

for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.textContent = (await copied(field)) ? "Copied" : "Press Ctrl+C";
  });
}

/** Put the field's text on the clipboard; where the browser does not let us, leave it selected and say so. */
async function copied(field) {
  field.focus();
  field.select();
  try {
    await navigator.clipboard.writeText(field.value); // missing without HTTPS
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
