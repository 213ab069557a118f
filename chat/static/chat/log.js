// The log on the page: a part of the room's that grows at both ends, and is let go of where it is far from the reader.

import { History } from "./history.js";
import { Newer } from "./newer.js";

const byId = (id) => document.getElementById(id);

/** Load what is older as the reader comes near it. */
export function watchHistory(room) {
  const { timeline, reading, messages } = room;
  return new History({
    top: byId("top"),
    scroller: byId("timeline"),
    onPage(items) {
      reading.release();
      for (const item of timeline.prepend(items)) messages.dress(item);
      reading.keep(() => {
        const end = timeline.trimEnd();
        if (end !== null) fallBehind(room, end);
      });
    },
  });
}

/** Load what is newer, where the page does not reach the present. */
export function watchNewer(room) {
  const { timeline, reading, messages, history } = room;
  return new Newer({
    bottom: byId("bottom"),
    scroller: byId("timeline"),
    onPage(items) {
      reading.release();
      reading.keep(() => { for (const item of timeline.append(items)) messages.dress(item); });
      trimStart({ timeline, history });
    },
    onEnd(held) {
      for (const frame of held) show(room, frame);
      reading.caughtUp();
    },
  });
}

/** The page is long enough: from now on it ends with this number, and does not follow. */
function fallBehind({ newer, reading }, end) {
  newer.endAt(end);
  reading.fallBehind();
}

function trimStart({ timeline, history }) {
  const first = timeline.trimStart();
  if (first !== null) history.beginAt(first);
}

/** Put an entry of the log where it belongs on the page. */
export function show({ reading, timeline, messages, history }, frame) {
  reading.hold();
  timeline.add(frame);
  messages.hear(frame);
  if (reading.following) trimStart({ timeline, history });
  if (frame.type === "room.updated" && "first_seq" in frame.changes) timeline.expire(frame.changes.first_seq);
}
