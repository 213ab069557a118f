// What can be gone to: my rooms, which the page knows, and what the server finds among the other rooms and the people.

import { match } from "./matching.js";
import { here, me, myPlaces } from "./places.js";

const ICONS = { direct: "people", private: "lock" };
const MOST = 8;

/** My rooms that fit what was typed, the best first; all of them where nothing was. */
export function placesFor(typed) {
  const fitting = myPlaces().map((place) => ({ place, fit: match(typed, place.title, [place.slug, ...place.others]) }));
  const chosen = fitting.filter(({ fit }) => fit);
  if (typed.trim()) chosen.sort((a, b) => b.fit.score - a.fit.score);
  return chosen.slice(0, 5 * MOST).map(({ place, fit }) => ({
    key: `room ${place.slug}`,
    title: place.title,
    ranges: fit.ranges,
    icon: ICONS[place.kind] ?? "hash",
    note: place.slug === here ? "you are here" : place.muted ? "muted" : "",
    isUnread: place.unread > 0 && !place.muted && place.slug !== here,
    mentions: place.mentions,
    unread: place.slug === here || place.muted ? 0 : place.unread,
    href: `/rooms/${place.slug}/`,
  }));
}

/** The rooms that I am not in, and people, as the server finds them. `signal` ends the search. */
export async function foundFor(typed, signal) {
  const q = encodeURIComponent(typed.trim().slice(0, 100));
  const [rooms, people] = await Promise.all([
    results(`/api/rooms/?member=false&limit=${MOST}&q=${q}`, signal),
    me ? results(`/api/users/?limit=${MOST}&q=${q}`, signal) : [],
  ]);
  return [...rooms.map((room) => roomFound(room, typed)), ...people.filter(isNew).map((person) => personFound(person, typed))];
}

/** The address of the direct room with somebody: it is opened where there is none. */
export async function directWith(username, token) {
  const answer = await fetch("/api/direct/", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ people: [username] }),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return `/rooms/${(await answer.json()).slug}/`;
}

async function results(url, signal) {
  const answer = await fetch(url, { signal });
  return answer.ok ? (await answer.json()).results : [];
}

// Whoever I have a direct room with is among my rooms.
function isNew({ username }) {
  return !myPlaces().some(({ kind, others }) => kind === "direct" && others.length === 1 && others[0] === username);
}

function roomFound({ slug, name, topic }, typed) {
  const ranges = match(typed, name, [slug, topic])?.ranges ?? [];
  return { key: `room ${slug}`, title: name, ranges, icon: "hash", note: topic, isFound: true, href: `/rooms/${slug}/` };
}

function personFound({ username, name }, typed) {
  const ranges = match(typed.replaceAll("@", ""), name, [username])?.ranges ?? [];
  const href = `/direct/new/?people=${encodeURIComponent(username)}`;
  return { key: `person ${username}`, title: name, ranges, icon: "person", note: `@${username}`, isFound: true, username, href };
}
