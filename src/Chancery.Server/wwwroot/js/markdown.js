// Which characters of a Markdown source are shown, and how. Places in the source stay what they are, so that a passage
// can be marked. Nothing becomes a link or an image.

const inline = /(?<ticks>`+)(?<code>[^`]+)\k<ticks>|(?<image>!)?\[(?<label>[^\]\n]*)\]\((?<target>[^)\n]*)\)|\*\*(?=\S)(?<strong>.+?)(?<=\S)\*\*|(?<![\p{L}\p{N}*])\*(?=[^\s*])(?<em>[^*\n]+?)(?<=\S)\*(?!\*)|(?<![\p{L}\p{N}_])__(?=\S)(?<strong2>.+?)(?<=\S)__(?![\p{L}\p{N}])|(?<![\p{L}\p{N}_])_(?=[^\s_])(?<em2>[^_\n]+?)(?<=\S)_(?![\p{L}\p{N}_])|\\(?<escaped>[\\`*_{}[\]()#+\-.!|>~])/gsu;

const styles = { code: "code", strong: "strong", strong2: "strong", em: "em", em2: "em", label: "span", escaped: undefined };

/** @returns {import("./blocks.js").Slice[]} */
export function inlineSlices(text, from, to) {
  const slices = [];
  let at = from;
  for (const match of text.slice(from, to).matchAll(inline)) {
    const start = from + match.index;
    if (start > at) slices.push({ from: at, to: start });
    for (const [name, style] of Object.entries(styles)) {
      const part = match.groups[name];
      if (part === undefined || part === "") continue;
      const offset = start + match[0].indexOf(part, name === "code" ? match.groups.ticks.length : 1);
      slices.push({ from: offset, to: offset + part.length, style });
    }
    // Where a link leads is part of what the document says.
    const target = match.groups.target;
    if (target && target !== match.groups.label) {
      const offset = start + match[0].lastIndexOf(`(${target})`);
      slices.push({ from: offset, to: offset + target.length + 2, style: "small" });
    }
    at = start + match[0].length;
  }
  if (at < to) slices.push({ from: at, to });
  return slices;
}

// What lines mean inside a block: code between fences, a gap between paragraphs, an end of line that is meant, the mark of a
// quoted line. Every other end of line is a blank, and the style sheet draws it so.
const structure = /(?<=^|\n)[ \t]*(?<fence>`{3,}|~{3,})[^\n]*\n(?<code>.*?)(?:\n[ \t]*\k<fence>[`~]*[ \t]*(?=\n|$)|$)|(?<gap>\n(?:[ \t>]*\n)+)|(?<hard>(?: {2,}|\\)\n)|(?<=^|\n)[ \t]*>[ \t]?/gs;

/** @returns {import("./blocks.js").Slice[]} */
function lines(text, from, to) {
  const slices = [];
  let at = from;
  for (const match of text.slice(from, to).matchAll(structure)) {
    const start = from + match.index;
    const end = start + match[0].length;
    if (start > at) slices.push(...inlineSlices(text, at, start));
    const { fence, code, gap, hard } = match.groups;
    if (fence) {
      const inside = start + match[0].indexOf("\n") + 1;
      slices.push({ from: inside, to: inside + code.length, style: "code", look: "lines" });
    } else if (gap) slices.push({ from: end, to: end, style: "span", look: "gap" });
    else if (hard) slices.push({ from: end, to: end, style: "br" });
    at = end;
  }
  if (at < to) slices.push(...inlineSlices(text, at, to));
  return slices;
}

/** Whether the line of a place begins with the mark of a quotation. */
export const isQuoted = (text, at) => /^[ \t]*>/.test(text.slice(text.lastIndexOf("\n", at - 1) + 1, at));

/** A line that parts what is above from what is below. */
export const isRule = (text) => /^\s*([-*_])(?:[ \t]*\1){2,}\s*$/.test(text);

/** What is shown of a block. @returns {import("./blocks.js").Slice[]} */
export function slices(text, { kind, start, length }) {
  const source = text.slice(start, start + length);
  let from = start;
  let to = start + length;
  if (kind === "heading") {
    from += /^#{1,6}[ \t]*/.exec(source)?.[0].length ?? 0;
    to -= /(?:[ \t]+#+[ \t]*|\n[ \t]*(?:=+|-+)[ \t]*)$/.exec(source)?.[0].length ?? 0;
  } else if (kind === "code") {
    const open = /^[ \t]*(`{3,}|~{3,})[^\n]*\n/.exec(source);
    from += open?.[0].length ?? 0;
    if (open) to -= /\n?[ \t]*(`{3,}|~{3,})[ \t]*$/.exec(source)?.[0].length ?? 0;
    return [{ from, to: Math.max(from, to) }];
  }
  return lines(text, from, Math.max(from, to));
}

/** An item's sign and what is shown of it. */
export function item(text, { start, length }, isMarkdown) {
  const source = text.slice(start, start + length);
  const sign = /^[ \t]*(?:([-*+•–▪◦·])|(\d{1,9}[.)]|[a-zA-Z][.)]))[ \t]+(\[[ xX]\][ \t])?/u.exec(source);
  const from = start + (sign?.[0].length ?? 0);
  const marker = sign?.[3] ? (sign[3][1] === " " ? "☐" : "☑") : (sign?.[2] ?? "•");
  return { marker, slices: isMarkdown ? lines(text, from, start + length) : [{ from, to: start + length }] };
}

/** The cells of a pipe table, without the line that sets the alignment. Empty for other tables. */
export function rows(text, { start, length }) {
  const found = [];
  let from = start;
  for (const line of text.slice(start, start + length).split("\n")) {
    if (/^\s*\+[-=+]+/.test(line)) return [];
    if (!/^[\s|:-]+$/.test(line)) found.push(cellsOf(line, from));
    from += line.length + 1;
  }
  return found;
}

function cellsOf(line, from) {
  const edges = [];
  for (let i = 0; i < line.length; i++) if (line[i] === "|" && line[i - 1] !== "\\") edges.push(i);
  const bounds = [-1, ...edges, line.length];
  const found = [];
  for (let i = 0; i + 1 < bounds.length; i++) {
    let [a, b] = [bounds[i] + 1, bounds[i + 1]];
    // Nothing stands before a line's first bar or behind its last.
    if ((i === 0 || i + 2 === bounds.length) && line.slice(a, b).trim() === "") continue;
    while (a < b && /\s/.test(line[a])) a++;
    while (b > a && /\s/.test(line[b - 1])) b--;
    found.push({ from: from + a, to: from + b });
  }
  return found;
}
