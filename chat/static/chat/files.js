// The files of a message: pictures with their size known before they come, everything else to be saved.

import { fromTemplate } from "./templates.js";

const PICTURE_MAX = [320, 240];
const KIB = 1024;

/** Show these files under a message. */
export function writeFiles(element, files) {
  element.querySelector(".message__files").replaceChildren(...files.map(fileElement));
}

/** The name of the first file, or nothing. */
export function firstFile(element) {
  const file = element.querySelector(".message__files img, .message__files bdi");
  return file?.alt ?? file?.textContent ?? "";
}

/** A number of bytes, rounded up. templatetags/people.py says the same. */
export function inUnits(size) {
  if (size < KIB) return `${size} bytes`;
  if (size < KIB * KIB) return `${Math.ceil(size / KIB)} KiB`;
  return `${(Math.ceil((size * 10) / KIB / KIB) / 10).toFixed(1)} MiB`;
}

function fileElement(file) {
  const element = fromTemplate(file.thumbnail_url ? "picture-template" : "file-template");
  const link = element.firstElementChild;
  link.href = file.url;
  if (file.thumbnail_url) {
    Object.assign(link.dataset, { width: file.width, height: file.height, size: inUnits(file.size) });
    const image = element.querySelector("img");
    const scale = Math.min(1, PICTURE_MAX[0] / file.width, PICTURE_MAX[1] / file.height);
    image.width = Math.max(1, Math.floor(file.width * scale));
    image.height = Math.max(1, Math.floor(file.height * scale));
    image.alt = file.name;
    image.src = file.thumbnail_url;
  } else {
    element.querySelector("bdi").textContent = file.name;
    element.querySelector("span").textContent = inUnits(file.size);
  }
  return element;
}
