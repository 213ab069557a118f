// Finding names by what somebody types of them: beginnings of words first, then any part, then letters in their order.
// Capitals and accents do not matter.

const [IN_ORDER, INSIDE, AT_WORD, AT_START] = [1, 3, 6, 8];
const LETTER = /[\p{L}\p{N}]/u;

/** How well a name fits, and where: { score, ranges }, or null. `aliases` are found too, and mark nothing. */
export function match(typed, name, aliases = []) {
  const words = fold(typed).text.split(/\s+/u).filter(Boolean);
  const folded = fold(name);
  const others = aliases.map(fold);
  let score = 0;
  const ranges = [];
  for (const word of words) {
    const found = find(word, folded);
    const other = Math.max(0, ...others.map((each) => (find(word, each)?.score ?? 0) - 1));
    if (!found && !other) return null;
    score += Math.max(found?.score ?? 0, other);
    if (found) ranges.push(...found.ranges);
  }
  // Of two names that fit the same, the shorter one is meant more often.
  return { score: score - name.length / 1000, ranges: joined(ranges) };
}

// Lower case without accents, and for each letter where it stood.
function fold(text) {
  let folded = "";
  const at = [];
  let offset = 0;
  for (const char of text) {
    const bare = char.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    for (let unit = 0; unit < bare.length; unit += 1) at.push([offset, offset + char.length]);
    folded += bare;
    offset += char.length;
  }
  return { text: folded, at };
}

function find(word, { text, at }) {
  let inside = -1;
  for (let start = text.indexOf(word); start >= 0; start = text.indexOf(word, start + 1)) {
    if (start === 0) return found(AT_START, [[0, word.length]], at);
    if (!LETTER.test(text[start - 1])) return found(AT_WORD, [[start, start + word.length]], at);
    if (inside < 0) inside = start;
  }
  if (inside >= 0) return found(INSIDE, [[inside, inside + word.length]], at);
  return word.length > 1 ? inOrder(word, text, at) : null;
}

// "gnrl" in "general": the first letter begins a word.
function inOrder(word, text, at) {
  const spots = [];
  let from = 0;
  for (const letter of word) {
    let spot = text.indexOf(letter, from);
    while (!spots.length && spot > 0 && LETTER.test(text[spot - 1])) spot = text.indexOf(letter, spot + 1);
    if (spot < 0) return null;
    spots.push([spot, spot + letter.length]);
    from = spot + letter.length;
  }
  return found(IN_ORDER, spots, at);
}

function found(score, spots, at) {
  const ranges = spots.filter(([start, end]) => at[start] && at[end - 1]).map(([start, end]) => [at[start][0], at[end - 1][1]]);
  return { score, ranges };
}

function joined(ranges) {
  const result = [];
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}

/** Write a name with these parts of it marked. */
export function writeMarked(element, name, ranges) {
  const parts = [];
  let done = 0;
  for (const [start, end] of ranges) {
    const mark = document.createElement("mark");
    mark.textContent = name.slice(start, end);
    parts.push(name.slice(done, start), mark);
    done = end;
  }
  element.replaceChildren(...parts, name.slice(done));
}
