// What differs between two texts, word by word: the shortest way from one to the other (Myers, "An O(ND) Difference Algorithm", 1986).

/** Texts that differ in more places than this are shown as replaced: finding the shortest way would take seconds. */
const mostEdits = 2000;
// Where words are written without spaces, each character is one. Intl.Segmenter knows better and takes seconds for long texts.
const word = /[[\p{L}\p{M}\p{N}_]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]]+|\s+|./gsv;
const words = (text) => text.match(word) ?? [];

/**
 * @param {string} from @param {string} to
 * @returns {Array<{kind: "kept" | "deleted" | "inserted", text: string}>} what was deleted stands before what came in its place
 */
export function wordDiff(from, to) {
  const [old, now] = [words(from), words(to)];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const middle = steps(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
  return joined([...old.slice(0, head).map(kept), ...middle, ...old.slice(old.length - tail).map(kept)]);
}

const kept = (text) => ({ kind: "kept", text });
const deleted = (text) => ({ kind: "deleted", text });
const inserted = (text) => ({ kind: "inserted", text });

function steps(old, now) {
  if (old.length === 0 || now.length === 0) return [...old.map(deleted), ...now.map(inserted)];
  /** How far each diagonal reaches, for each number of edits so far. @type {Int32Array[]} */
  const trail = [];
  const most = Math.min(old.length + now.length, mostEdits);
  let reach = new Int32Array([0, 0, 0]);
  for (let edits = 0; edits <= most; edits++) {
    trail.push(reach);
    const next = new Int32Array(2 * edits + 5);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = edits === 0 ? 0 : isDown(reach, diagonal, edits) ? at(reach, diagonal + 1) : at(reach, diagonal - 1) + 1;
      let y = x - diagonal;
      while (x < old.length && y < now.length && old[x] === now[y]) {
        x++;
        y++;
      }
      next[diagonal + edits + 2] = x;
      if (x >= old.length && y >= now.length) return back(old, now, trail);
    }
    reach = next;
  }
  return [...old.map(deleted), ...now.map(inserted)];
}

const at = (reach, diagonal) => reach[diagonal + (reach.length - 1) / 2];
const isDown = (reach, diagonal, edits) => diagonal === -edits || (diagonal !== edits && at(reach, diagonal - 1) < at(reach, diagonal + 1));

function back(old, now, trail) {
  const found = [];
  let x = old.length;
  let y = now.length;
  for (let edits = trail.length - 1; edits > 0; edits--) {
    const reach = trail[edits];
    const diagonal = x - y;
    const down = isDown(reach, diagonal, edits);
    const before = at(reach, down ? diagonal + 1 : diagonal - 1);
    const start = down ? before : before + 1;
    while (x > start) {
      x--;
      y--;
      found.push(kept(old[x]));
    }
    if (down) found.push(inserted(now[--y]));
    else found.push(deleted(old[--x]));
  }
  while (x > 0) found.push(kept(old[--x]));
  return found.reverse();
}

/** Neighbours of a kind become one; a space between two changes changed with them. */
function joined(parts) {
  const made = [];
  let gone = "";
  let come = "";
  const close = () => {
    if (gone) made.push(deleted(gone));
    if (come) made.push(inserted(come));
    gone = come = "";
  };
  parts.forEach((part, i) => {
    if (part.kind === "deleted") gone += part.text;
    else if (part.kind === "inserted") come += part.text;
    else if (gone && come && /^[ \t]+$/.test(part.text) && parts[i + 1] && parts[i + 1].kind !== "kept") {
      gone += part.text;
      come += part.text;
    } else {
      close();
      if (made.at(-1)?.kind === "kept") made.at(-1).text += part.text;
      else made.push({ ...part });
    }
  });
  close();
  return made;
}
