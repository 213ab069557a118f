// What the box is for: a new message, a reply or another text for one of mine. Above the box stands which, with a way
// out. While a message is edited, what was being written is kept.

export class Purpose {
  #strip;
  #words;
  #text;
  #write;
  #kept = null;
  #aim = {};

  constructor(form, write) {
    this.#write = write;
    this.#strip = form.querySelector("#purpose");
    this.#words = form.querySelector("#purpose-words");
    this.#text = form.elements.text;
    this.#strip.querySelector("button").addEventListener("click", () => this.end());
  }

  /** The message that is edited, if one is. */
  get edits() {
    return this.#aim.edits;
  }

  /** The message that is answered, if one is. */
  get answers() {
    return this.#aim.answers;
  }

  get isPlain() {
    return this.edits === undefined && this.answers === undefined;
  }

  /** What is being written besides an edit. */
  get draft() {
    return this.#kept ?? this.#text.value;
  }

  /** What is needed to answer the same message again, or undefined. */
  get answered() {
    return this.answers === undefined ? undefined : { seq: this.answers, words: this.#words.textContent };
  }

  reply(seq, name, quoted) {
    this.end();
    this.answer({ seq, words: `Replying to \u2068${name}\u2069: ${quoted}` });
    this.#text.focus();
  }

  /** Take up an answer that was begun before. */
  answer({ seq, words }) {
    this.#begin({ answers: seq }, words);
  }

  edit(seq, value) {
    this.#kept ??= this.#text.value;
    this.#begin({ edits: seq }, "Editing your message");
    this.#write(value);
    this.#text.focus();
  }

  /** Back to a new message, and to what was being written. */
  end() {
    this.#aim = {};
    this.#strip.hidden = true;
    const kept = this.#kept;
    this.#kept = null;
    if (kept !== null) this.#write(kept);
    this.#text.focus();
  }

  #begin(aim, words) {
    this.#aim = aim;
    this.#words.textContent = words;
    this.#strip.hidden = false;
  }
}
