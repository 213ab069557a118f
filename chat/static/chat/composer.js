// The box to write in: Enter sends, Shift + Enter starts a new line, the limit shows when it comes near. Arrow up in the
// empty box edits what I said last.

import { keep, kept } from "./keeping.js";
import { Purpose } from "./purpose.js";
import { say } from "./toast.js";

const NEAR_LIMIT = 500;
const onTouch = matchMedia("(hover: none) and (pointer: coarse)");

export class Composer {
  #form;
  #text;
  #limit;
  #maxChars;
  #draftKey;
  #onSend;
  #onTyping;
  #onEdit;
  #onUp;
  #freeAt = 0;

  /** The files for the next message, where the person may attach some. */
  attaching = null;

  constructor({ form, maxChars, draftKey, onSend, onEdit, onUp, onTyping }) {
    this.#onEdit = onEdit;
    this.#onUp = onUp;
    this.purpose = new Purpose(form, (value) => this.#write(value));
    this.#form = form;
    this.#text = form.elements.text;
    this.#limit = form.querySelector("#limit");
    this.#maxChars = maxChars;
    this.#draftKey = draftKey;
    this.#onSend = onSend;
    this.#onTyping = onTyping;
    this.#restore();
    // The script says more kindly what the browser would say about an empty field.
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("keydown", (event) => this.#onKey(event));
    this.#text.addEventListener("input", () => this.#onInput());
    addEventListener("pagehide", () => this.#keep());
    document.addEventListener("visibilitychange", () => this.#keep());
    this.#refresh();
  }

  /** Put back what was written, and send nothing until the time is over. */
  wait({ value, attachments = [] }, ms) {
    this.purpose.end();
    this.attaching?.putBack(attachments);
    this.#text.value = [value, this.#text.value].filter(Boolean).join("\n");
    this.#freeAt = performance.now() + ms;
    this.#count();
  }

  /** Nothing can be written here any more. */
  close() {
    this.#form.querySelectorAll("textarea, button").forEach((element) => { element.disabled = true; });
  }

  focus() {
    this.#text.focus();
  }

  /** Look again whether there is something to send. */
  refresh() {
    this.#refresh();
  }

  #restore() {
    const draft = kept(this.#draftKey);
    if (!draft || this.#text.value) return;
    if (draft.answers) this.purpose.answer(draft.answers);
    this.#text.value = draft.value;
  }

  // For each tab; of two the one that was left last.
  #keep() {
    const { draft: value, answered: answers } = this.purpose;
    keep(this.#draftKey, value || answers ? { value, answers } : null);
  }

  #onKey(event) {
    if (event.key === "ArrowUp" && !this.#text.value && this.purpose.isPlain) {
      event.preventDefault();
      this.#onUp();
    }
    // While a word is being composed (Chinese, Japanese …) Enter belongs to the input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || onTouch.matches) return;
    event.preventDefault();
    this.#submit();
  }

  #onInput() {
    this.#refresh();
    if (this.#text.value.trim()) this.#onTyping();
  }

  #submit() {
    const value = this.#text.value.trimEnd();
    if (this.attaching?.isBusy) say("The files are still on their way.");
    if (!this.#hasSomething() || this.#left() < 0 || this.#waitsFor() > 0 || this.attaching?.isBusy) {
      this.#text.focus();
      return;
    }
    if (this.purpose.edits !== undefined) {
      this.#edit(this.purpose.edits, value);
      return;
    }
    const sending = { value, reply_to: this.purpose.answers, attachments: this.attaching?.takeReady() ?? [] };
    this.#write("");
    this.purpose.end();
    this.#onSend(sending);
  }

  // The new text stays in the box until the server has it.
  async #edit(seq, value) {
    if (await this.#onEdit(seq, value) && this.purpose.edits === seq) this.purpose.end();
  }

  #hasSomething() {
    const hasFiles = this.purpose.edits === undefined && Boolean(this.attaching?.hasFiles);
    return hasFiles || Boolean(this.#text.value.trim());
  }

  #write(value) {
    this.#text.value = value;
    this.#text.setSelectionRange(value.length, value.length);
    this.#refresh();
  }

  #waitsFor() {
    return Math.ceil((this.#freeAt - performance.now()) / 1000);
  }

  // Said once for those who listen; the seconds that run are only to be seen.
  #count() {
    this.#refresh();
    if (this.#waitsFor() > 0) setTimeout(() => this.#count(), 500);
  }

  // The limit counts characters, JavaScript's length counts halves of some: look closer only near the limit.
  #left() {
    const value = this.#text.value.trimEnd();
    return value.length <= this.#maxChars - NEAR_LIMIT ? NEAR_LIMIT : this.#maxChars - [...value].length;
  }

  #refresh() {
    const left = this.#left();
    this.#form.classList.toggle("is-empty", !this.#hasSomething());
    const wait = this.#waitsFor();
    this.#limit.hidden = left >= NEAR_LIMIT && wait <= 0;
    this.#limit.ariaLive = wait > 0 && this.#limit.textContent ? "off" : null;
    if (wait > 0) this.#limit.textContent = `Slow mode: wait ${wait} s`;
    else this.#limit.textContent = left < 0 ? `${count(-left)} too many` : `${count(left)} left`;
    this.#limit.classList.toggle("complaint", left < 0 || wait > 0);
    this.#text.setAttribute("aria-invalid", String(left < 0));
    if (!CSS.supports("field-sizing", "content")) {
      this.#text.style.height = "auto";
      this.#text.style.height = `${this.#text.scrollHeight}px`;
    }
  }
}

function count(number) {
  return `${number} character${number === 1 ? "" : "s"}`;
}
