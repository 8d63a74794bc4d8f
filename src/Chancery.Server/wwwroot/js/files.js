// What may be uploaded, said before a byte of it is sent; and the files inside of dropped folders.
import { size } from "./format.js";
import { maxUploadBytes } from "./page.js";

// The server decides by content. This list only saves people the way of a file that it would refuse anyway.
const readable = new Set(
  "pdf md markdown mdown txt text docx html htm xhtml csv tsv xlsx pptx png jpg jpeg tif tiff log rst org tex json xml yaml yml ini".split(" "),
);
const archive = "An archive cannot be read: unpack it and drop the folder.";
const others = {
  doc: "An old Word file cannot be read: save it as .docx.",
  xls: "An old Excel file cannot be read: save it as .xlsx.",
  ppt: "An old PowerPoint file cannot be read: save it as .pptx.",
  zip: archive,
  "7z": archive,
  rar: archive,
  gz: archive,
  tar: archive,
};

/** For the file picker. */
export const accepted = [...readable].map((ending) => `.${ending}`).join(",");

// What systems leave in folders; nobody means to upload it.
const litter = /^(\..*|~\$.*|Thumbs\.db|desktop\.ini)$/i;

/**
 * Why the server would refuse the file, the same words for the same reason; null when it would not. The name stands beside it.
 * @param {File} file
 */
export function objection(file) {
  const ending = /\.([^.]+)$/.exec(file.name)?.[1].toLowerCase();
  if (ending && Object.hasOwn(others, ending)) return others[ending];
  if (ending && !readable.has(ending) && !file.type.startsWith("text/")) return `Files of this kind (.${ending}) cannot be read.`;
  if (file.size > maxUploadBytes) return `Larger than the limit of ${size(maxUploadBytes)}. Split it, or ask the operator to raise the limit.`;
  return file.size === 0 ? "There is nothing in it." : null;
}

/** Files of a picker, without litter. @param {FileList} list */
export const filesOf = (list) => [...list].filter((file) => !litter.test(file.name));

/**
 * All files of a drop, those in folders too. Has to be called while the event is handled: afterwards it is empty.
 * @param {DataTransfer} drop
 * @returns {Promise<File[]>}
 */
export async function filesOfDrop(drop) {
  const entries = [...drop.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return filesOf(drop.files);
  const files = [];
  for (const entry of entries) await collect(entry, files);
  return files;
}

async function collect(entry, files) {
  if (litter.test(entry.name)) return;
  if (entry.isFile) {
    // A file that cannot be read any more is left out rather than ending the rest.
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) files.push(file);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A hundred at a time, until there are no more.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) return;
    for (const one of some) await collect(one, files);
  }
}
