// The files that go with the next message. Each shows how far it is and can be taken away; what failed says why, and can
// be tried again where that may help.

import { inUnits } from "./files.js";
import { fromTemplate } from "./templates.js";
import { upload } from "./uploading.js";

export class Tray {
  #form;
  #list;
  #told;
  #url;
  #max;
  #maxBytes;
  #onChange;
  #chosen = [];

  constructor({ form, room, max, maxBytes, onChange }) {
    this.#form = form;
    this.#list = form.querySelector("#files");
    this.#told = form.querySelector("#files-told");
    this.#url = `/api/rooms/${room}/uploads/`;
    this.#max = max;
    this.#maxBytes = maxBytes;
    this.#onChange = onChange;
  }

  get isBusy() {
    return this.#chosen.some((each) => each.state === "loading");
  }

  get hasFiles() {
    return this.#chosen.some((each) => each.shown);
  }

  /** Upload these files, each for itself. */
  take(files) {
    for (const file of files) this.#take(file);
  }

  /** The files that are ready, taken out. */
  takeReady() {
    const ready = this.#chosen.filter((each) => each.shown);
    for (const each of ready) this.#remove(each);
    return ready.map((each) => each.shown);
  }

  /** Put back files that are uploaded already. */
  putBack(files) {
    for (const shown of files) this.#write(this.#add(shown), { state: "ready", shown });
  }

  #take(file) {
    const one = this.#add(file);
    one.file = file;
    if (file.size > this.#maxBytes) this.#write(one, { state: "failed", words: `larger than ${inUnits(this.#maxBytes)}`, isFinal: true });
    else this.#begin(one);
  }

  // There may be place for it later, when another is taken away.
  #begin(one) {
    const others = this.#chosen.filter((each) => each !== one && each.state !== "failed").length;
    if (others < this.#max) this.#send(one);
    else this.#write(one, { state: "failed", words: `a message has at most ${this.#max} files` });
  }

  async #send(one) {
    this.#write(one, { state: "loading" });
    try {
      const token = this.#form.elements.csrfmiddlewaretoken.value;
      const onProgress = (share) => this.#progress(one, share);
      const shown = await upload({ url: this.#url, file: one.file, token, signal: one.leave.signal, onProgress });
      this.#write(one, { state: "ready", shown });
    } catch (error) {
      if (!one.leave.signal.aborted) this.#write(one, { state: "failed", words: error.message, isFinal: error.isFinal });
    }
  }

  #add({ name, size }) {
    const item = fromTemplate("attached-template");
    item.querySelector("bdi").textContent = name;
    item.querySelector("progress").ariaLabel = `Upload of ${name}`;
    const one = { item, name, size, state: "loading", shown: null, leave: new AbortController() };
    const again = item.querySelector("[data-do=again]");
    again.ariaLabel = `Try ${name} again`;
    again.addEventListener("click", () => {
      this.#form.elements.text.focus();
      this.#begin(one);
    });
    item.querySelector("[data-do=remove]").addEventListener("click", () => {
      this.#remove(one);
      this.#form.elements.text.focus();
    });
    this.#chosen.push(one);
    this.#list.append(item);
    return one;
  }

  #progress(one, share) {
    if (one.state !== "loading") return;
    one.item.querySelector("progress").value = share;
    one.item.querySelector("span").textContent = share < 1 ? `${Math.floor(share * 100)} %` : "nearly there…";
  }

  #write(one, { state, words = "", shown = null, isFinal = false }) {
    Object.assign(one, { state, shown });
    const { item, name } = one;
    item.classList.toggle("is-failed", state === "failed");
    item.querySelector("progress").hidden = state !== "loading";
    item.querySelector("[data-do=again]").hidden = state !== "failed" || isFinal;
    item.querySelector("[data-do=remove]").ariaLabel = `${state === "loading" ? "Cancel the upload of" : "Remove"} ${name}`;
    item.querySelector("span").textContent = { loading: "0 %", failed: words, ready: inUnits(shown?.size ?? one.size) }[state];
    // The per cents are to be seen; only what begins and ends is said.
    this.#told.textContent = { loading: `Uploading ${name}`, failed: `${name}: ${words}`, ready: `${name} is ready` }[state];
    this.#onChange();
  }

  #remove(one) {
    one.leave.abort();
    one.item.remove();
    this.#chosen = this.#chosen.filter((each) => each !== one);
    this.#onChange();
  }
}
