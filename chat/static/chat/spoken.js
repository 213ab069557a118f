// A message as one line of words, for whoever hears it instead of seeing it, and for notifications.

import { nameOf } from "./people.js";

const LONGEST = 300;
const LONGEST_CODE = 80;
const BLOCKS = "P, LI, UL, OL, BLOCKQUOTE, PRE, DIV, H1, H2, H3, H4, H5, H6, BR, TR, TD, TH, TABLE";

/** Who says what, in one line. */
export function lineOf(frame) {
  return `${nameOf(frame.user)}: ${wordsOf(frame)}`;
}

/** What a message says, in one line: code, links and files as words. */
export function wordsOf({ value, html, attachments = [] }) {
  // A document that is only parsed loads nothing and runs nothing.
  const said = html ? spoken(new DOMParser().parseFromString(html, "text/html").body) : value;
  return [shortened(oneLine(said), LONGEST), ...filesOf(attachments)].filter(Boolean).join(", ");
}

function spoken(element) {
  let words = "";
  for (const node of element.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) words += node.data;
    else if (node.nodeType === Node.ELEMENT_NODE) words += spokenElement(node);
  }
  return words;
}

function spokenElement(element) {
  switch (element.tagName) {
    case "PRE": return ` ${codeOf(element.textContent)} `;
    case "A": return linkOf(element);
    case "BLOCKQUOTE": return ` quote: ${spoken(element)} `;
    case "IMG": return ` ${element.alt} `;
    default: return element.matches(BLOCKS) ? ` ${spoken(element)} ` : spoken(element);
  }
}

function codeOf(text) {
  const lines = text.trim().split("\n");
  const first = shortened(oneLine(lines[0]), LONGEST_CODE);
  return lines.length === 1 ? `code: ${first}` : `code of ${lines.length} lines: ${first}`;
}

function linkOf(element) {
  const words = oneLine(element.textContent);
  const { hostname } = element;
  return /^(https?:\/\/|www\.)/.test(words) && hostname ? `link to ${hostname}` : words;
}

function filesOf(files) {
  if (files.length > 1) return [`${files.length} files`];
  return files.map(({ name, thumbnail_url: picture }) => (picture ? `picture ${name}` : `file ${name}`));
}

function oneLine(text) {
  return text.replace(/\s+/gu, " ").trim();
}

function shortened(text, longest) {
  const letters = [...text];
  return letters.length > longest ? `${letters.slice(0, longest).join("")} …` : text;
}
