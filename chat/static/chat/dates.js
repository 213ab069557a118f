// Pages without a line to the server: their moments in the reader's own time zone.

import { dayLabel, writeDay, writeMoment, writeTime, writeWhole } from "./times.js";

for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (time.closest(".day")) time.textContent = dayLabel(new Date(time.closest("[data-at]").dataset.at));
  else if (time.closest(".versions")) writeWhole(time, at);
  else if (time.closest(".sent-by")) writeDay(time, at);
  else if (time.closest(".hit")) writeMoment(time, at);
  else writeTime(time, at);
}
