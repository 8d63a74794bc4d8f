// Shows a page of a document with a passage marked: PDF through pdf.js, everything else built from its blocks.
import { address, api } from "./api.js";
import { pageOf, placeOf } from "./blocks.js";
import { drawing, fill, h, icon } from "./dom.js";
import { kind, moment } from "./format.js";
import { refusal } from "./page.js";
import { PdfPages } from "./pdf.js";

// What a browser draws; other scans are shown as the text that was recognised in them.
const drawable = new Set(["image/png", "image/jpeg"]);
const zooms = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3];

/**
 * @typedef {object} Place
 * @property {string} documentId
 * @property {number} [version] the version that answers use, when it is not given
 * @property {string} [asOf] a time: the version that answers used then, when no version is given
 * @property {string} [title]
 * @property {number} page counted from 1
 * @property {number} [start] of the passage in the page's text
 * @property {number} [end]
 * @property {string} [quote]
 * @property {{x: number, y: number, width: number, height: number}[]} [boxes] in points from the top left
 * @property {number} [pageWidth] in points
 * @property {number} [pageHeight] in points
 */

export class Viewer {
  /**
   * @param {HTMLElement} root
   * @param {{heading: "h1" | "h2", close?: () => void}} options
   */
  constructor(root, options) {
    this.title = h(options.heading, { id: "viewer-title" });
    this.facts = h("p");
    this.links = h("div", { class: "group" });
    this.number = h("input", { type: "number", min: 1, "aria-label": "Page", onchange: () => this.go(Number(this.number.value)) });
    this.total = h("span");
    this.where = h("span", { class: "page-place", dir: "auto" });
    this.notice = h("div", { class: "viewer-notice", hidden: true });
    this.back = this.tool("Previous page", "prev", () => this.go(this.page - 1));
    this.next = this.tool("Next page", "next", () => this.go(this.page + 1));
    this.smaller = this.tool("Smaller", "minus", () => this.zoomBy(-1));
    this.larger = this.tool("Larger", "plus", () => this.zoomBy(1));
    this.zoomGroup = h("div", { class: "group" }, this.smaller, this.larger);
    this.found = h("button", { type: "button", class: "button small", onclick: () => this.go(this.place.page, true) }, "Back to the passage");
    this.stage = h("div", { class: "viewer-stage", tabindex: 0, role: "region", "aria-label": "Page of the document" });
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.zoom = 1;
    fill(root, h("div", { class: "viewer" },
      h("div", { class: "viewer-head" }, h("div", { class: "viewer-name" }, this.title, this.facts), this.links,
        options.close && this.tool("Close the document", "close", options.close)),
      h("div", { class: "viewer-tools" }, h("div", { class: "group" }, this.back, this.number, this.total, this.next), this.where, this.found, this.zoomGroup),
      this.notice,
      this.stage));
    this.isPanel = Boolean(options.close);
    new ResizeObserver(() => this.resized()).observe(this.stage);
  }

  tool(label, picture, act) {
    return h("button", { type: "button", class: "button bare", "aria-label": label, title: label, onclick: act }, icon(picture));
  }

  /** @param {Place} place */
  async open(place) {
    this.clear();
    const ticket = (this.ticket = {});
    this.place = place;
    this.page = place.page;
    fill(this.title, place.title ?? "Document");
    fill(this.facts, `Page ${place.page}`);
    fill(this.links);
    this.tools(false);
    this.stage.classList.add("viewer-busy");
    try {
      const document = await api.get(`/docs/${place.documentId}`);
      if (ticket !== this.ticket) return;
      this.document = document;
      fill(this.title, document.title);
      this.version = place.version ?? (place.asOf ? await this.versionAt(place.asOf) : (document.current_version ?? document.latest_version));
      this.mediaType = await this.mediaTypeOf(document);
      if (ticket !== this.ticket) return;
      this.describe();
      if (this.mediaType === "application/pdf") {
        const bytes = await api.bytes(`/docs/${place.documentId}/versions/${this.version}/content`);
        if (ticket !== this.ticket) return;
        const pdf = await PdfPages.open(bytes);
        if (ticket !== this.ticket) return pdf?.close();
        this.pdf = pdf;
        this.pages = pdf?.pages;
        this.isUndrawable = !pdf;
      }
      await this.go(place.page, true);
    } catch (fault) {
      if (ticket === this.ticket) this.fail(fault);
    }
  }

  async versionAt(time) {
    const { version } = await api.get(`/docs/${this.place.documentId}/versions/current?as_of=${encodeURIComponent(time)}`);
    return version;
  }

  async mediaTypeOf(document) {
    this.versions = [];
    if (document.latest_version === 1 || (this.isPanel && this.version === document.latest_version)) return document.media_type;
    this.versions = (await api.get(`/docs/${document.id}/versions?limit=100`)).items;
    return this.versions.find((one) => one.version === this.version)?.media_type ?? document.media_type;
  }

  describe() {
    const { document, version } = this;
    const older = version !== (document.current_version ?? document.latest_version);
    fill(this.title, document.title);
    fill(this.facts, [kind(this.mediaType), `version ${version}${older ? " (an older one)" : ""}`].join(" · "));
    this.notify(document, older);
    const search = new URLSearchParams({ version: String(version), page: String(this.place.page) });
    if (this.place.end > this.place.start) {
      search.set("start", String(this.place.start));
      search.set("end", String(this.place.end));
    }
    const content = address(`/docs/${document.id}/versions/${version}/content`);
    fill(this.links,
      this.isPanel
        ? h("a", { class: "button bare", href: `/documents/${document.id}?${search}`, "aria-label": "Open on its own page", title: "Open on its own page" }, icon("expand"))
        : this.ownPageLinks(document),
      h("a", { class: "button bare", href: content, "aria-label": "Download", title: "Download" }, icon("download")));
  }

  /** On its own page there is room to go to other versions. */
  ownPageLinks(document) {
    const readable = this.versions.filter((one) => one.current_from || one.version === this.version);
    const choose = readable.length > 1 && h("select", { "aria-label": "Version", class: "version-choice", onchange: () => location.assign(`/documents/${document.id}?version=${choose.value}`) },
      readable.map((one) => h("option", { value: one.version, selected: one.version === this.version }, `Version ${one.version}${one.version === document.current_version ? " (current)" : ""}`)));
    return [
      choose,
      readable.length > 1 && h("a", { class: "button small", href: `/documents/${document.id}/compare` }, "Compare"),
      document.current_version && h("a", { class: "button small", href: `/chat?document=${document.id}` }, "Ask about it"),
    ];
  }

  /** Says when what is shown is not what answers use today. */
  notify(document, older) {
    this.notice.hidden = !older;
    if (!older) return;
    fill(this.notice,
      h("span", {}, this.place.asOf ? `On ${moment(this.place.asOf)} answers used this version. ` : "This is an older version. ", `Today answers use version ${document.current_version}.`),
      h("a", { href: `/documents/${document.id}` }, "Open that one"),
      h("a", { href: `/documents/${document.id}/compare?from=${Math.min(this.version, document.current_version)}&to=${Math.max(this.version, document.current_version)}` }, "See what changed"));
  }

  /** @param {number} page @param {boolean} [toPassage] scrolls to it */
  async go(page, toPassage = false) {
    if (!this.document || !Number.isInteger(page) || page < 1 || (this.pages && page > this.pages)) {
      this.number.value = String(this.page);
      return;
    }
    const ticket = (this.drawing = {});
    this.page = page;
    this.stage.classList.add("viewer-busy");
    try {
      const sheet = this.pdf ? await this.pdfSheet(page) : drawable.has(this.mediaType) ? await this.pictureSheet(page) : await this.textSheet(page);
      if (ticket !== this.drawing || !sheet) return;
      fill(this.stage, sheet);
      this.stage.scrollTop = 0;
      this.tools(true);
      if (toPassage) this.toPassage();
    } catch (fault) {
      if (ticket === this.drawing) this.fail(fault);
    }
    if (ticket === this.drawing) this.stage.classList.remove("viewer-busy");
  }

  async pdfSheet(page) {
    this.drawnWidth = this.stage.clientWidth;
    const padding = Number.parseFloat(getComputedStyle(this.stage).paddingLeft);
    const width = (this.drawnWidth - 2 * padding) * this.zoom;
    const sheet = await this.pdf.draw(page, Math.max(200, this.zoom === 1 ? Math.min(width, 900) : width));
    this.describePlace(null);
    this.recognised(page);
    if (page !== this.place.page) return sheet.element;
    const { boxes, pageWidth, pageHeight } = this.place;
    const rectangles = boxes?.length > 0 ? boxes : await this.foundBoxes(sheet, page);
    if (rectangles.length > 0) {
      const known = boxes?.length > 0 && pageWidth > 0 && pageHeight > 0;
      sheet.element.append(marks(rectangles, known ? pageWidth : sheet.width, known ? pageHeight : sheet.height));
    }
    return sheet.element;
  }

  /** A scan: the picture with the passage on it, and below it the text that was recognised. */
  async pictureSheet(page) {
    const path = `/docs/${this.document.id}/versions/${this.version}`;
    const [bytes, shown] = await Promise.all([api.bytes(`${path}/content`), api.get(`${path}/pages/${page}`)]);
    this.pages = shown.pages;
    const picture = await createImageBitmap(new Blob([bytes], { type: this.mediaType })).catch(() => null);
    if (!picture) return this.textSheet(page);
    const share = Math.min(1, 1600 / picture.width, 2400 / picture.height);
    const canvas = h("canvas", { role: "img", "aria-label": "The scan", width: Math.round(picture.width * share), height: Math.round(picture.height * share) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const { boxes, pageWidth, pageHeight } = page === this.place.page ? this.place : {};
    const passage = page === this.place.page ? this.place : {};
    this.describePlace(shown, passage);
    return h("div", {},
      h("div", { class: "sheet-of-paper scan" }, canvas, boxes?.length > 0 && pageWidth > 0 && pageHeight > 0 && marks(boxes, pageWidth, pageHeight)),
      pageOf(shown, this.mediaType, passage, this.isPanel ? 2 : 1));
  }

  /** Without boxes the passage is looked for in the page's own text. */
  async foundBoxes(sheet, page) {
    let quote = this.place.quote;
    if (!quote && this.place.end > this.place.start) {
      const { text } = await api.get(`/docs/${this.document.id}/versions/${this.version}/pages/${page}`);
      quote = text.slice(this.place.start, this.place.end);
    }
    return quote ? sheet.find(quote) : [];
  }

  async textSheet(page) {
    const shown = await api.get(`/docs/${this.document.id}/versions/${this.version}/pages/${page}`);
    this.pages = shown.pages;
    const passage = page === this.place.page ? this.place : {};
    this.describePlace(shown, passage);
    return pageOf(shown, this.mediaType, passage, this.isPanel ? 2 : 1);
  }

  /** The page's name and where on it the passage stands. */
  describePlace(shown, passage = {}) {
    fill(this.where, shown && [shown.label, placeOf(shown, passage)].filter(Boolean).join(" · "), shown?.recognised && recognisedMark(), this.isUndrawable && undrawableMark());
  }

  /** Whether a page's text comes from recognition is known to the server only; nobody waits for it. */
  async recognised(page) {
    const ticket = this.drawing;
    const shown = await api.get(`/docs/${this.document.id}/versions/${this.version}/pages/${page}`).catch(() => null);
    if (shown && ticket === this.drawing && page === this.page) this.describePlace(shown);
  }

  toPassage() {
    const mark = this.stage.querySelector(".marks rect, mark");
    if (!mark) return;
    // A wide table scrolls by itself.
    mark.closest(".table")?.scrollTo({ left: Math.max(0, mark.offsetLeft - 80) });
    const at = mark.getBoundingClientRect();
    const stage = this.stage.getBoundingClientRect();
    this.stage.scrollTop += at.top - stage.top - this.stage.clientHeight / 3;
    this.stage.scrollLeft += Math.min(0, at.left - stage.left - 16);
  }

  tools(ready) {
    this.number.disabled = !ready;
    this.number.value = String(this.page);
    if (this.pages) this.number.max = String(this.pages);
    fill(this.total, this.pages ? `of ${this.pages}` : "");
    this.back.disabled = !ready || this.page <= 1;
    this.next.disabled = !ready || (this.pages && this.page >= this.pages);
    this.zoomGroup.hidden = !this.pdf;
    this.smaller.disabled = this.zoom === zooms[0];
    this.larger.disabled = this.zoom === zooms.at(-1);
    this.found.hidden = !ready || this.page === this.place.page || !(this.place.quote || this.place.end > this.place.start);
  }

  zoomBy(step) {
    const at = zooms.indexOf(this.zoom) + step;
    if (at < 0 || at >= zooms.length) return;
    this.zoom = zooms[at];
    this.go(this.page, true);
  }

  resized() {
    if (!this.pdf || !this.drawnWidth || Math.abs(this.stage.clientWidth - this.drawnWidth) < 24) return;
    clearTimeout(this.resizing);
    this.resizing = setTimeout(() => this.pdf && this.go(this.page, true), 150);
  }

  key(event) {
    const step = { PageDown: 1, PageUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || event.target !== this.stage || event.altKey || event.ctrlKey || event.metaKey) return;
    // Where there is something to scroll, those keys scroll.
    const sideways = event.key.startsWith("Arrow");
    if (sideways && this.stage.scrollWidth > this.stage.clientWidth) return;
    if (!sideways) {
      const end = step > 0 ? this.stage.scrollHeight - this.stage.clientHeight - 4 : 4;
      if (step > 0 ? this.stage.scrollTop < end : this.stage.scrollTop > end) return;
    }
    event.preventDefault();
    this.go(this.page + step);
  }

  fail(fault) {
    this.stage.classList.remove("viewer-busy");
    const gone = fault.status === 404;
    fill(this.stage, h("div", { class: "viewer-state" }, gone
      ? h("p", {}, this.place.asOf && this.document ? `On ${moment(this.place.asOf)} there was no version of this document that could be read.` : "This document, or this page of it, is not there any more.")
      : refusal(fault, () => this.open(this.place))));
  }

  clear() {
    this.ticket = this.drawing = null;
    this.pdf?.close();
    this.pdf = null;
    this.pages = undefined;
    this.isUndrawable = false;
    this.document = null;
    this.versions = [];
    this.notice.hidden = true;
    fill(this.where);
    fill(this.stage);
  }
}

const recognisedMark = () =>
  h("span", { class: "recognised", title: "The text was recognised in an image and may have wrong letters." }, "Recognised text");

const undrawableMark = () =>
  h("span", { class: "recognised", title: "The file is damaged and cannot be drawn here. This is what could be read of it." }, "Text only");

/** The passage as rectangles over the page. Words of one line become one rectangle. */
function marks(boxes, width, height) {
  const lines = [];
  for (const box of boxes) {
    const last = lines.at(-1);
    const sameLine = last && Math.abs(last.y - box.y) < box.height / 2 && box.x >= last.x && box.x - (last.x + last.width) < box.height * 1.5;
    if (sameLine) {
      last.width = Math.max(last.width, box.x + box.width - last.x);
      last.height = Math.max(last.height, box.height);
    } else lines.push({ ...box });
  }
  return drawing("svg", { class: "marks", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...lines.map((line) => drawing("rect", { x: line.x - 1.5, y: line.y - 1, width: line.width + 3, height: line.height + 2, rx: 1.5 })));
}
