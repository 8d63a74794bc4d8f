// An organisation out as a sealed archive, and in from one.
import { api, newKey } from "./api.js";
import { formDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { plural, size } from "./format.js";
import { toast } from "./page.js";

const passphrase = (hint) => h("div", { class: "field" }, h("label", { for: "passphrase" }, "Passphrase"),
  h("input", { id: "passphrase", name: "passphrase", type: "password", required: true, minlength: 12, maxlength: 200, autocomplete: "off", "aria-describedby": "passphrase-hint" }),
  h("p", { class: "hint", id: "passphrase-hint" }, hint));

/** @param {any} tenant */
export async function exportTenant(tenant) {
  const stop = new AbortController();
  const said = h("p", { class: "quiet", role: "status" });
  let writes = false;
  const dialog = formDialog({
    id: "tenant-export",
    title: `Export everything of ${tenant.name}`,
    body: [
      h("p", {}, "One sealed archive: documents, conversations, contracts, members, settings, the record. You need an open access by break-glass, and it ends with that. Its owners are told, and read your reason in their record."),
      passphrase("12 characters at least. Without it nobody can read the archive, you neither."),
      h("div", { class: "field" }, h("label", { for: "reason" }, "Reason"), h("input", { id: "reason", name: "reason", required: true, minlength: 8, maxlength: 500, autocomplete: "off", "aria-describedby": "reason-hint" }),
        h("p", { class: "hint", id: "reason-hint" }, "8 characters at least.")),
      said,
    ],
    yes: "Export it",
    act: async (values) => {
      writes = true;
      said.textContent = "It is being written. Cancel stops it.";
      let told = 0;
      try {
        await api.download(`/tenants/${tenant.tenant_id}/export`, `${tenant.tenant_id}.chancery`, { passphrase: values.passphrase, reason: values.reason },
          stop.signal, (bytes) => {
            // As often as somebody who has it read to them can bear.
            if (Date.now() - told < 5000) return;
            told = Date.now();
            said.textContent = `${size(bytes)} have arrived. Cancel stops it.`;
          });
        toast(`${tenant.name} is exported.`);
      } finally {
        writes = false;
        said.textContent = "";
      }
    },
  });
  dialog.addEventListener("close", () => {
    if (writes) toast("The export was stopped.");
    stop.abort();
  });
  return false;
}

/** @param {() => void} done shows what came in */
export function importTenant(done) {
  const stop = new AbortController();
  const bar = h("progress", { max: 1, "aria-label": "Progress of the import", hidden: true });
  const said = h("p", { class: "quiet", role: "status" });
  const file = h("input", { id: "archive", name: "archive", type: "file", required: true, accept: ".chancery" });
  const dialog = formDialog({
    id: "tenant-import",
    title: "Import an organisation",
    body: [
      h("p", {}, "From its archive, all of it or nothing. Its people set new passwords, and its API keys have to be rotated."),
      h("div", { class: "field" }, h("label", { for: "archive" }, "Archive"), file),
      passphrase("The one that it was exported with."),
      h("label", { class: "check" }, h("input", { type: "checkbox", id: "link-accounts", name: "link_accounts", value: "true" }),
        h("span", {}, "Accounts here with the addresses of members are the same people’s")),
      bar, said,
    ],
    yes: "Import it",
    act: async () => {
      const form = new FormData();
      const wanted = dialog.querySelector("form");
      // The server reads the fields before the file comes.
      form.append("passphrase", wanted.querySelector("#passphrase").value);
      form.append("link_accounts", String(wanted.querySelector("#link-accounts").checked));
      form.append("file", file.files[0]);
      bar.hidden = false;
      try {
        const made = await api.upload("POST", "/tenants/import", form, (share) => {
          bar.value = share;
          if (share === 1) {
            bar.removeAttribute("value");
            said.textContent = "It has arrived, and is being checked and taken in.";
          }
        }, stop.signal, newKey());
        toast(`${made.name} is here: ${plural(made.accounts, "person needs", "people need")} a password.`);
        done();
      } finally {
        bar.hidden = true;
        said.textContent = "";
      }
    },
  });
  dialog.addEventListener("close", () => stop.abort());
}
