// PDF pages drawn by pdf.js, which parses them in a worker and evaluates nothing.

const place = "/lib/pdfjs-5.6.205/";
const maxCanvasPixels = 16_000_000;

/** @type {Promise<any> | undefined} */
let library;

function load() {
  library ??= import(`${place}pdf.min.mjs`).then(
    (pdfjs) => {
      pdfjs.GlobalWorkerOptions.workerSrc = `${place}pdf.worker.min.mjs`;
      return pdfjs;
    },
    (fault) => {
      // Another try asks for it again.
      library = undefined;
      throw fault;
    },
  );
  return library;
}

/** One PDF, from its bytes. Close it when it is not shown any more: its worker holds the whole file. */
export class PdfPages {
  /** @param {ArrayBuffer} bytes @returns {Promise<PdfPages | null>} null for a broken file, which our reader may have mended */
  static async open(bytes) {
    const pdfjs = await load();
    const task = pdfjs.getDocument({
      data: bytes,
      isEvalSupported: false,
      enableXfa: false,
      // WebAssembly would need a hole in the content security policy.
      useWasm: false,
      wasmUrl: `${place}wasm/`,
      cMapUrl: `${place}cmaps/`,
      cMapPacked: true,
      standardFontDataUrl: `${place}standard_fonts/`,
    });
    const pdf = await task.promise.catch(() => null);
    if (pdf) return new PdfPages(pdfjs, task, pdf);
    task.destroy();
    return null;
  }

  constructor(pdfjs, task, pdf) {
    this.pdfjs = pdfjs;
    this.task = task;
    this.pdf = pdf;
    this.pages = pdf.numPages;
  }

  /**
   * @param {number} number counted from 1
   * @param {number} cssWidth of the sheet in CSS pixels
   */
  async draw(number, cssWidth) {
    const page = await this.pdf.getPage(number);
    const natural = page.getViewport({ scale: 1 });
    const viewport = page.getViewport({ scale: cssWidth / natural.width });
    const wanted = globalThis.devicePixelRatio || 1;
    const sharpness = Math.min(wanted, Math.sqrt(maxCanvasPixels / (viewport.width * viewport.height)));
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(viewport.width * sharpness);
    canvas.height = Math.floor(viewport.height * sharpness);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Page ${number}`);
    const element = document.createElement("div");
    element.className = "sheet-of-paper";
    for (const one of [element, canvas]) {
      one.style.width = `${viewport.width}px`;
      one.style.height = `${viewport.height}px`;
    }
    element.append(canvas);
    await page.render({ canvas, viewport, transform: [sharpness, 0, 0, sharpness, 0, 0] }).promise;

    const content = await page.getTextContent();
    const layer = document.createElement("div");
    layer.className = "textLayer";
    element.style.setProperty("--total-scale-factor", String(viewport.scale));
    element.append(layer);
    const text = new this.pdfjs.TextLayer({ textContentSource: content, container: layer, viewport });
    await text.render();
    return {
      element,
      width: natural.width,
      height: natural.height,
      find: (quote) => boxesOf(content, natural, quote),
    };
  }

  close() {
    this.task.destroy();
  }
}

/** Where the quote stands on the page, whatever its spaces and line ends; in points from the top left. */
function boxesOf(content, viewport, quote) {
  const squash = (text) => text.normalize("NFKC").replaceAll(/[\s\u00AD-]+/gu, "").toLowerCase();
  const wanted = squash(quote);
  const runs = [];
  let all = "";
  for (const item of content.items) {
    const text = squash(item.str ?? "");
    if (text === "") continue;
    runs.push({ item, from: all.length, length: text.length });
    all += text;
  }
  const at = wanted === "" ? -1 : all.indexOf(wanted);
  if (at < 0) return [];
  const end = at + wanted.length;
  return runs
    .filter((run) => run.from < end && run.from + run.length > at)
    .map(({ item, from, length }) => {
      const share = item.width / length;
      const left = Math.max(0, at - from) * share;
      const right = Math.min(length, end - from) * share;
      const [x, y] = viewport.convertToViewportPoint(item.transform[4], item.transform[5]);
      const height = item.height || Math.hypot(item.transform[2], item.transform[3]);
      return { x: x + left, y: y - height * 0.85, width: right - left, height: height * 1.1 };
    });
}
