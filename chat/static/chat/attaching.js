// Files for the message that is being written: chosen, pasted or dropped, and uploaded at once. What is ready goes with
// the next message; what failed says why.

import { inUnits } from "./files.js";
import { icon } from "./templates.js";

export class Attaching {
  #form;
  #list;
  #url;
  #max;
  #maxBytes;
  #onChange;
  #chosen = [];

  constructor({ form, room, max, maxBytes, onChange }) {
    this.#form = form;
    this.#list = form.querySelector("#files");
    this.#url = `/api/rooms/${room}/uploads/`;
    this.#max = max;
    this.#maxBytes = maxBytes;
    this.#onChange = onChange;
    this.#openButton(form.querySelector("#attach"), form.querySelector("#file"));
    form.elements.text.addEventListener("paste", (event) => this.#take(event, event.clipboardData));
    const main = form.closest("main");
    main.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); });
    main.addEventListener("drop", (event) => this.#take(event, event.dataTransfer));
  }

  get isBusy() {
    return this.#chosen.some((each) => each.state === "loading");
  }

  get hasFiles() {
    return this.#chosen.some((each) => each.shown);
  }

  /** The files that are ready, for a message that goes now. */
  takeReady() {
    const ready = this.#chosen.filter((each) => each.shown);
    for (const each of ready) this.#remove(each);
    return ready.map((each) => each.shown);
  }

  /** Put back the files of a message that did not go. */
  putBack(files) {
    for (const shown of files) this.#write(this.#add(shown.name, shown.size), { state: "ready", shown });
  }

  #openButton(button, field) {
    button.hidden = false;
    button.addEventListener("click", () => field.click());
    field.addEventListener("change", () => {
      for (const file of [...field.files]) this.#upload(file);
      field.value = "";
    });
  }

  #take(event, transfer) {
    if (!transfer?.files.length) return;
    event.preventDefault();
    for (const file of transfer.files) this.#upload(file);
  }

  async #upload(file) {
    const one = this.#add(file.name, file.size);
    if (this.#chosen.length > this.#max) return this.#write(one, { state: "failed", words: `at most ${this.#max} files` });
    if (file.size > this.#maxBytes) return this.#write(one, { state: "failed", words: `larger than ${inUnits(this.#maxBytes)}` });
    try {
      const shown = await this.#send(file, one.leave.signal);
      this.#write(one, { state: "ready", shown });
    } catch (error) {
      if (!one.leave.signal.aborted) this.#write(one, { state: "failed", words: error.message });
    }
  }

  async #send(file, signal) {
    const body = new FormData();
    body.append("file", file);
    const headers = { Accept: "application/json", "X-CSRFToken": this.#form.elements.csrfmiddlewaretoken.value };
    let answer;
    try {
      answer = await fetch(this.#url, { method: "POST", body, headers, credentials: "same-origin", signal });
    } catch {
      throw new Error("the server cannot be reached");
    }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.errors?.[0]?.detail ?? told.detail ?? "it was refused");
    return told;
  }

  #add(name, size) {
    const item = document.createElement("li");
    const words = document.createElement("bdi");
    words.className = "clip";
    words.textContent = name;
    const about = document.createElement("span");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--icon button--small";
    button.ariaLabel = `Remove ${name}`;
    button.append(icon("close"));
    item.append(words, about, button);
    const one = { item, about, size, state: "loading", shown: null, leave: new AbortController() };
    button.addEventListener("click", () => {
      this.#remove(one);
      this.#form.elements.text.focus();
    });
    this.#chosen.push(one);
    this.#list.append(item);
    this.#write(one, { state: "loading" });
    return one;
  }

  #write(one, { state, words = "", shown = null }) {
    Object.assign(one, { state, shown });
    one.item.classList.toggle("is-failed", state === "failed");
    one.about.textContent = { loading: "uploading…", failed: words, ready: inUnits(shown?.size ?? one.size) }[state];
    this.#onChange();
  }

  #remove(one) {
    one.leave.abort();
    one.item.remove();
    this.#chosen = this.#chosen.filter((each) => each !== one);
    this.#onChange();
  }
}
