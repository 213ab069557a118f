// A chosen picture is sent at once; one that is too large is not sent at all.

const form = document.getElementById("portrait");
const input = form.elements.file;
const complaint = document.getElementById("picture-complaint");

form.querySelector("[data-without-script]").hidden = true;
input.addEventListener("change", () => {
  const [file] = input.files;
  if (!file) return;
  const isTooLarge = file.size > Number(form.dataset.maxBytes);
  complaint.hidden = !isTooLarge;
  if (isTooLarge) {
    complaint.textContent = `A file has at most ${Number(form.dataset.maxBytes) / 1024 / 1024} MiB.`;
    input.value = "";
  } else {
    form.setAttribute("aria-busy", "true");
    form.requestSubmit();
  }
});
