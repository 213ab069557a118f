// Writing in the room: the box, its files, what is offered while one writes, and slow mode.

import { Attaching } from "./attaching.js";
import { Composer } from "./composer.js";
import { offer } from "./shortcuts.js";
import { say } from "./toast.js";

const SIGNS = /[@:]/;
const byId = (id) => document.getElementById(id);

/** Open the box, where there is one for this person. */
export function openComposer(start, { outbox, reading, typing, marker, messages, newer, presence }) {
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
      if (!byId("preview")?.hidden) byId("look")?.click();
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
  if (start.me) previewIn(form, byId("look"), byId("preview"));
  completeIn(form.elements.text, { start, items: byId("items"), policies: messages.policies, presence });
  return composer;
}

// It needs the server anyway, so that nothing of it is loaded before.
function previewIn(form, button, pane) {
  let loading = null;
  const toggle = async () => {
    try {
      loading ??= import("./preview.js").then(({ Preview }) => new Preview(form, button, pane));
      (await loading).toggle();
    } catch {
      loading = null;
      say("The server cannot be reached.");
    }
  };
  button.hidden = false;
  button.addEventListener("click", toggle);
  offer("preview", toggle);
}

// What completes is loaded with the first sign that it completes.
function completeIn(text, room) {
  let loading = null;
  const begin = async ({ isComposing }) => {
    if (isComposing || loading || !SIGNS.test(text.value)) return;
    try {
      const { completeIn: complete } = await (loading = import("./offering.js"));
      text.removeEventListener("input", begin);
      complete(text, room);
    } catch {
      loading = null;
    }
  };
  text.addEventListener("input", begin);
}

/** Slow mode: what was written goes back into the box, which says how long to wait. */
export function waitForTurn({ outbox, composer, messages, timeline }, { client_id, retry_after_ms }) {
  const sending = outbox.takeBack(client_id);
  if (!sending) return;
  composer.wait(sending, retry_after_ms);
  const answered = timeline.message(sending.reply_to);
  if (answered) messages.reply(answered);
}
