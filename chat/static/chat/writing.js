// Writing in the room: the box, its files, what is offered while one writes, and slow mode.

import { Attaching } from "./attaching.js";
import { Completing } from "./completing.js";
import { Composer } from "./composer.js";
import { emojiNamed } from "./emoji.js";
import { Mentioning } from "./mentioning.js";

const byId = (id) => document.getElementById(id);

/** Open the box, where there is one for this person. */
export function openComposer(start, { outbox, reading, typing, marker, messages, newer }) {
  const form = byId("composer");
  if (!form) return null;
  const composer = new Composer({
    form,
    maxChars: start.message_max_chars,
    draftKey: `parlor.draft.${start.room}.${start.me?.username ?? ""}`,
    onSend(sending) {
      outbox.add(sending);
      marker.wake();
      reading.toEnd();
      typing.told();
      // Kept by the outbox, and sent once, wherever the line is: it belongs at the end of the log.
      if (newer.isBehind) location.assign(location.pathname);
    },
    onEdit: (seq, value) => messages.edit(seq, value),
    onUp: () => messages.editLast(),
    onTyping: () => typing.tell(),
  });
  if (start.me) {
    const limits = { max: start.attachments_max, maxBytes: start.file_max_bytes };
    composer.attaching = new Attaching({ form, room: start.room, ...limits, onChange: () => composer.refresh() });
  }
  completeIn(form, new Mentioning({ start, items: byId("items"), policies: messages.policies }));
  return composer;
}

function completeIn(form, mentioning) {
  const people = async (typed, most) => (await mentioning.find(typed, most)).map(({ username, name, note, ...user }) => ({
    insert: `@${username}`, label: `@${username}`, note, sign: "@", user: name === null ? null : { username, name, ...user },
  }));
  const emoji = async (typed, most) => (await emojiNamed(typed, most)).map(({ sign, name }) => ({
    insert: sign, label: name, note: "", sign,
  }));
  const list = byId("completion");
  new Completing({ text: form.elements.text, list, told: byId("completion-told"), sources: { "@": people, ":": emoji } });
}

/** Slow mode: what was written goes back into the box, which says how long to wait. */
export function waitForTurn({ outbox, composer, messages, timeline }, { client_id, retry_after_ms }) {
  const sending = outbox.takeBack(client_id);
  if (!sending) return;
  composer.wait(sending, retry_after_ms);
  const answered = timeline.message(sending.reply_to);
  if (answered) messages.reply(answered);
}
