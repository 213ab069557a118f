// The files of the room in the panel, newest first: its pictures as a grid, all others as a list.

import { inUnits } from "./files.js";
import { handOver } from "./focus.js";
import { nameOf } from "./people.js";
import { read } from "./rest.js";
import { fromTemplate } from "./templates.js";
import { writeDay } from "./times.js";

/** Show the newest files of the room. */
export async function open(place) {
  const page = await read(`/api/rooms/${place.start.room}/attachments/`, place.signal);
  return new Files(place, page);
}

class Files {
  #place;
  #part;

  constructor(place, page) {
    this.#place = place;
    this.#part = place.body.appendChild(fromTemplate("files-template"));
    this.#more.addEventListener("click", () => this.#earlier());
    this.#show(page);
  }

  get #more() {
    return this.#part.querySelector("button");
  }

  hear(frame) {
    if (frame.type === "message") for (const file of [...frame.attachments ?? []]) this.#add({ ...frame, message: frame.seq, file }, "prepend");
    if (frame.type === "message.deleted") this.#remove((seq) => frame.messages.includes(seq));
    const firstSeq = frame.type === "truncated" ? frame.first_seq : frame.changes?.first_seq;
    if (firstSeq) this.#remove((seq) => seq < firstSeq);
    this.#refresh();
  }

  async #earlier() {
    const { start, signal } = this.#place;
    const more = this.#more;
    more.disabled = true;
    try {
      this.#show(await read(`/api/rooms/${start.room}/attachments/${more.value}`, signal));
      more.textContent = "Earlier files";
    } catch (error) {
      if (!signal.aborted) more.textContent = `${error.message} Earlier files`;
    }
    more.disabled = false;
  }

  #show({ results, next }) {
    for (const sent of results) this.#add(sent, "append");
    if (!next) handOver(this.#more, this.#place.panel.element);
    this.#more.hidden = !next;
    this.#more.value = next ? new URL(next).search : "";
    this.#refresh();
  }

  #add(sent, side) {
    if (this.#part.querySelector(`[data-file="${CSS.escape(sent.file.id)}"]`)) return;
    const { file } = sent;
    const item = file.thumbnail_url ? shotOf(file) : lineOf(file);
    item.dataset.file = file.id;
    item.dataset.message = sent.message;
    const by = item.querySelector(".sent-by");
    by.href = `${sent.message}/`;
    by.querySelector("bdi").textContent = nameOf(sent.user);
    writeDay(by.querySelector("time"), new Date(sent.sent_at));
    this.#part.querySelector(file.thumbnail_url ? ".shots" : ".sent-files")[side](item);
  }

  #remove(test) {
    for (const item of this.#part.querySelectorAll("[data-message]")) if (test(Number(item.dataset.message))) this.#take(item);
  }

  #take(item) {
    handOver(item, this.#place.panel.element);
    item.remove();
  }

  #refresh() {
    for (const list of this.#part.querySelectorAll("ul")) list.hidden = !list.childElementCount;
    this.#part.querySelector(".empty").hidden = Boolean(this.#part.querySelector("[data-message]")) || !this.#more.hidden;
  }
}

function shotOf(file) {
  const item = fromTemplate("shot-template");
  const link = item.querySelector(".picture");
  link.href = file.url;
  Object.assign(link.dataset, { width: file.width, height: file.height, size: inUnits(file.size) });
  const image = item.querySelector("img");
  image.width = file.width;
  image.height = file.height;
  image.alt = file.name;
  image.src = file.thumbnail_url;
  return item;
}

function lineOf(file) {
  const item = fromTemplate("sent-file-template");
  item.querySelector(".sent-file__link").href = file.url;
  item.querySelector(".sent-file__link bdi").textContent = file.name;
  item.querySelector(".sent-file__link span").textContent = inUnits(file.size);
  return item;
}
