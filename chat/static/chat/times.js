// Times in the reader's own time zone and manner.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const withYear = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const moment = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const DAY_MS = 86_400_000;

/** Write a moment into a <time> element: the hour, with the whole date as its title. */
export function writeTime(element, at) {
  element.dateTime = at.toISOString();
  element.textContent = clock.format(at);
  element.title = whole.format(at);
}

/** Write a moment into a <time> element that stands for itself: the hour, and the day where that is not today. */
export function writeMoment(element, at) {
  writeTime(element, at);
  if (!isSameDay(at, new Date())) element.textContent = moment.format(at);
}

/** Write a day into a <time> element. */
export function writeDay(element, at) {
  writeTime(element, at);
  element.textContent = short.format(at);
}

/** Write a moment in full. */
export function writeWhole(element, at) {
  element.textContent = exact.format(at);
}

export function isSameDay(one, other) {
  return one.toDateString() === other.toDateString();
}

/** "today", "yesterday", then the weekday and date. */
export function dayLabel(at, now = new Date()) {
  const days = Math.round((startOfDay(at) - startOfDay(now)) / DAY_MS);
  if (days === 0 || days === -1) return relative.format(days, "day");
  return at.getFullYear() === now.getFullYear() ? weekday.format(at) : withYear.format(at);
}

/** The local date as 2026-11-23, for a datetime attribute. */
export function isoDay(at) {
  const two = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function startOfDay(at) {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate());
}
