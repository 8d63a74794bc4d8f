// The place in a document: a column beside the answer, or the whole screen where there is no room for two.
import { byId } from "./dom.js";
import { Viewer } from "./viewer.js";

const narrow = matchMedia("(max-width: 62rem)");

/**
 * @param {() => HTMLElement} fallback takes the focus when what opened the panel is gone
 * @returns {{panel: HTMLDialogElement, show: (citation: any, by: HTMLElement) => void}}
 */
export function preparePanel(fallback) {
  const panel = byId("viewer-panel");
  const viewer = new Viewer(panel, { heading: "h2", close: () => panel.close() });
  let opener = null;

  const open = () => (narrow.matches ? panel.showModal() : panel.show());

  panel.addEventListener("close", () => {
    // It only went from column to screen, or back.
    if (panel.open) return;
    viewer.clear();
    opener?.setAttribute("aria-expanded", "false");
    if (opener?.isConnected) opener.focus();
    else fallback().focus();
    opener = null;
  });

  narrow.addEventListener("change", () => {
    if (!panel.open) return;
    const focused = document.activeElement;
    panel.close();
    open();
    focused?.focus();
  });

  function show(citation, by) {
    opener?.setAttribute("aria-expanded", "false");
    opener = by;
    by.setAttribute("aria-expanded", "true");
    if (!panel.open) open();
    viewer.open({
      documentId: citation.document_id, version: citation.version, title: citation.title, page: citation.page,
      start: citation.start, end: citation.end, quote: citation.quote,
      boxes: citation.boxes, pageWidth: citation.page_width, pageHeight: citation.page_height,
      pageLabel: citation.page_label, place: citation.place,
    });
  }

  return { panel, show };
}
