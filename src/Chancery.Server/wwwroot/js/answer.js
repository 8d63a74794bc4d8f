// An answer as text with numbered citations. A small, closed part of Markdown is drawn: paragraphs, lists, headings,
// emphasis, code. Links, images and HTML stay the characters they are: an answer must not be able to call home.
import { h } from "./dom.js";

// Private-use characters stand around what is not supported while the text is being cut up.
const open = "\uE000";
const close = "\uE001";
const marker = /\[(\d{1,3})\]/;
const inline = /(`[^`\n]+`|\*\*[^*\n]+\*\*|(?<![*\w])\*[^*\s][^*\n]*\*(?![*\w])|\[\d{1,3}\]|[\uE000\uE001])/;

/**
 * @param {string} text
 * @param {{citation: (number: number) => Node, unsupported?: string[]}} parts
 * @returns {Node[]} blocks
 */
export function renderAnswer(text, parts) {
  const marked = markUnsupported(text.replaceAll(/[\uE000\uE001]/g, ""), parts.unsupported ?? []);
  const state = { inside: false, parts };
  return blocks(marked).map((block) => draw(block, state));
}

function markUnsupported(text, sentences) {
  let marked = text;
  for (const sentence of sentences) {
    const at = marked.indexOf(sentence);
    if (!sentence || at < 0) continue;
    // The mark of a list's item stays outside, or the item would be one no more.
    const from = at + (sentence.match(/^\s*(?:[-*•]|\d{1,3}[.)]|#{1,6})\s+/)?.[0].length ?? 0);
    marked = marked.slice(0, from) + open + marked.slice(from, at + sentence.length) + close + marked.slice(at + sentence.length);
  }
  return marked;
}

function blocks(text) {
  const found = [];
  let fence = null;
  for (const line of text.split("\n")) {
    const last = found.at(-1);
    if (fence) {
      if (line.trim().startsWith("```")) fence = null;
      else fence.lines.push(line);
      continue;
    }
    if (line.trim().startsWith("```")) {
      fence = { kind: "code", lines: [] };
      found.push(fence);
      continue;
    }
    const item = line.match(/^\s*(?:([-*•])|(\d{1,3})[.)])\s+(.*)$/);
    const heading = line.match(/^#{1,6}\s+(.*)$/);
    if (line.trim() === "") found.push({ kind: "gap" });
    else if (item) {
      const kind = item[1] ? "ul" : "ol";
      if (last?.kind === kind) last.lines.push(item[3]);
      else found.push({ kind, lines: [item[3]], start: Number(item[2] ?? 1) });
    } else if (heading) found.push({ kind: "heading", lines: [heading[1]] });
    else if (last && (last.kind === "p" || last.kind === "ul" || last.kind === "ol")) last.lines[last.lines.length - 1] += `\n${line}`;
    else found.push({ kind: "p", lines: [line] });
  }
  return found.filter((block) => block.kind !== "gap");
}

function draw(block, state) {
  switch (block.kind) {
    case "code":
      return h("pre", { tabindex: 0 }, h("code", {}, block.lines.join("\n")));
    case "ul":
    case "ol":
      return h(block.kind, { start: block.kind === "ol" && block.start > 1 ? block.start : null }, block.lines.map((line) => h("li", {}, pieces(line, state))));
    default:
      return h("p", { class: block.kind === "heading" ? "heading" : null }, pieces(block.lines[0], state));
  }
}

function pieces(line, state) {
  const out = [];
  let into = out;
  const start = () => {
    const span = h("span", { class: "unsupported" });
    out.push(span);
    into = { push: (node) => span.append(node) };
  };
  if (state.inside) start();
  for (const piece of line.split(inline)) {
    if (piece === "") continue;
    if (piece === open) {
      state.inside = true;
      start();
    } else if (piece === close) {
      state.inside = false;
      into = out;
      out.push(h("span", { class: "unsupported-flag" }, "not in the sources"));
    } else into.push(drawPiece(piece, state));
  }
  return out;
}

function drawPiece(piece, state) {
  const cited = piece.match(marker);
  if (cited && cited[0] === piece) return state.parts.citation(Number(cited[1]));
  if (piece.length > 4 && piece.startsWith("**") && piece.endsWith("**")) return h("strong", {}, piece.slice(2, -2));
  if (piece.length > 2 && piece.startsWith("`") && piece.endsWith("`")) return h("code", {}, piece.slice(1, -1));
  if (piece.length > 2 && inline.test(piece) && piece.startsWith("*") && piece.endsWith("*")) return h("em", {}, piece.slice(1, -1));
  return document.createTextNode(piece);
}
