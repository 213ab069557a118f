// What a change of the room says, as words and names. chat/timeline.py says the same for the first paint.

const GUESTS = {
  none: "closed the room to guests",
  read: "let guests read the room",
  write: "let guests read and write",
};

/**
 * The parts of the sentence: a string is words, an object {name} is a name, {message} a
 * message. Null for a change this page does not know.
 */
export function sentenceOf(change) {
  const actor = named(change.actor);
  switch (change.type) {
    case "member.joined":
      return isAlone(change) ? [named(change.user), " joined"] : [actor, " added ", named(change.user)];
    case "member.left":
      return change.removed ? [actor, " removed ", named(change.user)] : [named(change.user), " left"];
    case "member.updated":
      return [actor, " made ", named(change.user), change.role === "owner" ? " an owner" : ` a ${change.role}`];
    case "member.banned":
      return [actor, " banned ", named(change.user)];
    case "pin.added":
      return [actor, " pinned ", { message: change.message }];
    case "pin.removed":
      return [actor, " took the pin off ", { message: change.message }];
    case "room.updated":
      if ("first_seq" in change.changes) return null;  // messages expired: nothing that people did
      return [actor, " ", ...updates(change.changes)];
    default:
      return null;
  }
}

function updates(changes) {
  const parts = Object.entries(changes).flatMap(([field, value]) => [...update(field, value), " and "]);
  return parts.slice(0, -1);
}

function update(field, value) {
  if (field === "name") return ["renamed the room to “", { name: value }, "”"];
  if (field === "topic") return value ? ["set the topic to “", { name: value }, "”"] : ["removed the topic"];
  if (field === "description") return [value ? "changed the description" : "removed the description"];
  if (field === "kind") return [`made the room ${value}`];
  if (field === "posting") return [value === "moderators" ? "let only moderators post" : "let all members post"];
  if (field === "slow_mode_s") return [value ? `set slow mode to a message every ${span(value)}` : "ended slow mode"];
  if (field === "retention_days") {
    return [value ? `set messages to be deleted after ${value === 1 ? "a day" : `${value} days`}` : "set messages to be kept for ever"];
  }
  if (field === "archived") return [value ? "archived the room" : "opened the room again"];
  return [GUESTS[value] ?? "changed what guests may do"];
}

/** A time in the largest unit that holds it whole. */
function span(seconds) {
  for (const [unit, size] of [["hour", 3600], ["minute", 60]]) {
    if (seconds % size === 0) return seconds === size ? unit : `${seconds / size} ${unit}s`;
  }
  return seconds === 1 ? "second" : `${seconds} seconds`;
}

function isAlone(change) {
  return change.actor === null || change.actor.id === change.user?.id;
}

function named(user) {
  return user ? { name: user.name } : "Somebody";
}
