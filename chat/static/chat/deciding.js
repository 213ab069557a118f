// Whether a person wants to be told of a message: by the level that they chose for the room.

/** Whether what is new in an entry of my inbox is for me; `before` is the entry as it was, if it was there. */
export function isForMe(entry, before, me) {
  const { last_message: last, muted, notify, people, mentions } = entry;
  if (!last || last.deleted || last.user?.username === me) return false;
  if (last.seq <= (before?.last_message?.seq ?? 0) || last.seq <= entry.read_seq) return false;
  if (muted || notify === "nothing") return false;
  if (notify === "everything") return true;
  return people !== null || mentions > (before?.mentions ?? 0) || (last.mentions ?? []).some((name) => name === me || name === "@room");
}
