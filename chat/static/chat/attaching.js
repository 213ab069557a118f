// Files for the message that is being written: chosen, pasted, or dropped on the room. What becomes of them is in the
// tray, which comes with the first of them.

import { say } from "./toast.js";

export class Attaching {
  #form;
  #options;
  #tray = null;
  #loading = null;

  constructor({ form, ...options }) {
    this.#form = form;
    this.#options = options;
    this.#openButton(form.querySelector("#attach"), form.querySelector("#file"));
    form.elements.text.addEventListener("paste", (event) => this.#paste(event));
    this.#letDrop(form.closest("main"), form.querySelector("#drop"));
  }

  /** Whether files are on their way, so that the message has to wait. */
  get isBusy() {
    return this.#loading !== null || Boolean(this.#tray?.isBusy);
  }

  get hasFiles() {
    return Boolean(this.#tray?.hasFiles);
  }

  /** The files that are ready, for a message that goes now. */
  takeReady() {
    return this.#tray?.takeReady() ?? [];
  }

  /** Put back the files of a message that did not go. */
  async putBack(files) {
    if (files.length) (await this.#load())?.putBack(files);
  }

  async #take(files) {
    const chosen = [...files]; // before the browser empties the list
    this.#form.elements.text.focus();
    (await this.#load())?.take(chosen);
  }

  async #load() {
    if (this.#tray) return this.#tray;
    try {
      const { Tray } = await (this.#loading ??= import("./tray.js"));
      this.#tray ??= new Tray({ form: this.#form, ...this.#options });
    } catch {
      say("Nothing can be attached: the server cannot be reached.");
    } finally {
      this.#loading = null;
    }
    return this.#tray;
  }

  #openButton(button, field) {
    button.hidden = false;
    button.addEventListener("click", () => field.click());
    field.addEventListener("change", () => {
      this.#take(field.files);
      field.value = "";
    });
  }

  // Words that come with a picture of themselves, as from a table, are words.
  #paste(event) {
    const { files, types } = event.clipboardData ?? {};
    if (!files?.length || types.includes("text/plain")) return;
    event.preventDefault();
    this.#take(files);
  }

  #letDrop(room, area) {
    const over = (isOver) => (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      area.hidden = !isOver(event);
    };
    room.addEventListener("dragenter", over(() => true));
    room.addEventListener("dragover", over(() => true));
    // Leaving comes for every element on the way, too.
    room.addEventListener("dragleave", over(({ relatedTarget }) => room.contains(relatedTarget)));
    room.addEventListener("drop", over(({ dataTransfer }) => {
      this.#take(dataTransfer.files);
      return false;
    }));
  }
}
