// Search in the panel: the form of the search page, what it finds, and more of it.

import { dressAvatar, nameOf } from "./people.js";
import { read } from "./rest.js";
import { fromTemplate } from "./templates.js";
import { writeMoment } from "./times.js";

const FIELDS = ["q", "room", "from", "after", "before", "has", "order"];
// A page may be short, as its time is bounded: until there is something to see, a few more are asked for.
const ENOUGH = 8;
const PAGES_MAX = 10;

/** Show the form, and what was found if something is asked already. */
export async function open(place) {
  return new Search(place);
}

class Search {
  #place;
  #form;
  #hits;
  #told;
  #more;
  #leave = null;

  constructor(place) {
    this.#place = place;
    const part = place.body.appendChild(fromTemplate("search-template"));
    this.#form = part.querySelector("form");
    this.#hits = part.querySelector(".hits");
    this.#told = part.querySelector("[role=status]");
    this.#more = part.querySelector("button[data-more]");
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#begin();
    });
    this.#form.addEventListener("change", ({ target }) => { if (target.name !== "q" && this.#asks) this.#begin(); });
    this.#more.addEventListener("click", () => this.#goOn(this.#more.value));
    this.#fill(new URLSearchParams(place.what.query));
    if (this.#asks) this.#begin();
  }

  focus() {
    this.#form.elements.q.focus();
  }

  end() {
    this.#leave?.abort();
  }

  /** A message that was deleted is found no more. */
  hear(frame) {
    if (frame.type !== "message.deleted") return;
    for (const seq of frame.messages) this.#hits.querySelector(`[data-hit="${this.#place.start.room}/${seq}"]`)?.remove();
  }

  get #asks() {
    return ["q", "from", "after", "before", "has"].some((name) => this.#form.elements[name].value.trim());
  }

  #fill(query) {
    for (const name of FIELDS) this.#form.elements[name].value = query.get(name) ?? "";
    this.#form.querySelector("details").open = ["from", "after", "before", "has", "order"].some((name) => query.get(name));
  }

  #begin() {
    const query = new URLSearchParams(new FormData(this.#form));
    for (const name of FIELDS) if (!query.get(name)?.trim()) query.delete(name);
    this.#place.panel.remember({ name: "search", query: `?${query}` });
    if (query.has("from")) query.set("from", query.get("from").trim().replace(/^@/u, "").toLowerCase());
    this.#hits.replaceChildren();
    this.#goOn(`?${query}`);
  }

  async #goOn(query) {
    this.#leave?.abort();
    const leave = new AbortController();
    this.#leave = leave;
    this.#more.hidden = true;
    this.#say("Searching…");
    const enough = this.#hits.childElementCount + ENOUGH;
    try {
      for (let pages = 0; pages < PAGES_MAX && query && this.#hits.childElementCount < enough; pages++) {
        const { results, next } = await read(`/api/search/${query}`, leave.signal);
        this.#hits.append(...results.map((hit) => hitElement(hit, this.#place.start.room)));
        query = next ? new URL(next).search : "";
      }
      this.#conclude(query);
    } catch (error) {
      if (!leave.signal.aborted) this.#say(error.message, { failed: true });
    }
  }

  /** Say how much was found, and offer what is asked for by this query. */
  #conclude(next) {
    this.#more.hidden = !next;
    this.#more.value = next;
    const count = this.#hits.childElementCount;
    if (count || next) this.#say(`${count}${next ? " or more" : ""} message${count === 1 && !next ? "" : "s"}`);
    else this.#say("Nothing was found. Try fewer words, only the beginning of the last one, or other filters.");
  }

  #say(words, { failed = false } = {}) {
    this.#told.textContent = words;
    this.#told.classList.toggle("note--error", failed);
    this.#told.classList.toggle("note", failed);
  }
}

function hitElement({ message, room, snippet }, here) {
  const item = fromTemplate("hit-template");
  item.dataset.hit = `${room.slug}/${message.seq}`;
  item.querySelector("a").href = `/rooms/${room.slug}/${message.seq}/`;
  dressAvatar(item.querySelector(".avatar"), message.user);
  item.querySelector(".hit__author").textContent = nameOf(message.user);
  item.querySelector(".hit__room").textContent = room.slug === here ? "" : nameOfRoom(room);
  writeMoment(item.querySelector("time"), new Date(message.sent_at));
  item.querySelector(".hit__text").replaceChildren(...snippet.map(({ text, match }) => {
    if (!match) return text;
    const mark = document.createElement("mark");
    mark.textContent = text;
    return mark;
  }));
  const names = (message.attachments ?? []).map(({ name }) => name);
  item.querySelector(".hit__files").hidden = !names.length;
  item.querySelector(".hit__files span").textContent = names.join(", ");
  return item;
}

// A direct room has no name of its own; the list of rooms says whose it is.
function nameOfRoom({ slug, name }) {
  return name || document.querySelector(`#rooms [data-room="${CSS.escape(slug)}"] bdi`)?.textContent || "Direct message";
}
