// The pinned messages of the room in the panel, the latest pin first.

import { read } from "./rest.js";
import { fromTemplate } from "./templates.js";

/** Show what is pinned. */
export async function open(place) {
  const { results } = await read(`/api/rooms/${place.start.room}/pins/`, place.signal);
  return new Pins(place, results);
}

class Pins {
  #place;
  #empty;

  constructor(place, results) {
    this.#place = place;
    this.#empty = place.body.appendChild(fromTemplate("no-pins-template"));
    for (const frame of results) this.#add(frame, null);
    this.#refresh();
  }

  hear(frame) {
    const { excerpt } = this.#place;
    excerpt.hear(frame);
    if (frame.type === "pin.removed") excerpt.remove(frame.message);
    if (frame.type === "pin.added") this.#fetch(frame.message);
    if (frame.type === "message.deleted") for (const seq of frame.messages) excerpt.remove(seq);
    this.#refresh();
  }

  async #fetch(seq) {
    const { start, signal } = this.#place;
    const frame = await read(`/api/rooms/${start.room}/messages/${seq}/`, signal).catch(() => null);
    // It may have lost its pin meanwhile.
    if (!frame?.pinned_at || signal.aborted) return;
    this.#add(frame, document.getElementById("panel-items").firstElementChild);
    this.#refresh();
  }

  // With a button of its own for who may take the pin off.
  #add(frame, place) {
    const { excerpt, messages } = this.#place;
    const item = excerpt.add(frame, place);
    if (!item || !messages.policies.may("pin")) return;
    const button = fromTemplate("unpin-template");
    button.addEventListener("click", () => messages.commands.ask({ type: "unpin", seq: frame.seq }));
    item.querySelector(".message__foot").append(button);
  }

  #refresh() {
    this.#empty.hidden = this.#place.excerpt.seqs.length > 0;
  }
}
