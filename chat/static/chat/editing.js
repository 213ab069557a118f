// Editing my messages in the box where I wrote them.

export class Editing {
  #url;
  #commands;
  #purpose;

  constructor({ room, commands, purpose }) {
    this.#url = `/api/rooms/${room}/messages/`;
    this.#commands = commands;
    this.#purpose = purpose;
  }

  /** Put what a message says into the box, as it was written. */
  async begin(item) {
    const seq = Number(item.dataset.seq);
    try {
      const answer = await fetch(`${this.#url}${seq}/`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!answer.ok) throw new Error(`editing: ${answer.status}`);
      const { value } = await answer.json();
      this.#purpose.edit(seq, value);
    } catch {
      this.#commands.tell("The message could not be loaded. Try again in a moment.");
    }
  }

  /** Give a message its new text. Resolves to whether that was done. */
  save(seq, value) {
    return this.#commands.ask({ type: "edit", seq, value });
  }

  /** These messages are gone: there is nothing left to edit or to answer. */
  forget(seqs) {
    if (seqs.includes(this.#purpose.edits) || seqs.includes(this.#purpose.answers)) this.#purpose.end();
  }
}
