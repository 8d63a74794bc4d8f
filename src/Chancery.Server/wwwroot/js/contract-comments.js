// What people say of a contract and its clauses: threads, mentions, settling.
import { api } from "./api.js";
import { clauseName } from "./contract-words.js";
import { fill, h, icon } from "./dom.js";
import { draft, keepDraft } from "./drafts.js";
import { ago } from "./format.js";
import { mentioning } from "./mentions.js";
import { ask, attempt, me, menuButton, refusal, toast } from "./page.js";

/** @param {any} state */
export function commentsPanel(state) {
  let showsSettled = false;
  let place = null;
  const path = `/contracts/${state.id}/comments`;
  /** Forms that are open, by what they are for, so that a redraw loses nothing. @type {Map<string, any>} */
  const forms = new Map();

  function formFor(name, label, yes, send, text = "", done = null) {
    if (forms.has(name)) return forms.get(name);
    const kept = `contract.${state.id}.comment.${name}`;
    const id = `comment-${name}`;
    const field = h("textarea", { id, rows: 2, maxlength: 4000, dir: "auto", placeholder: "@ names somebody" });
    field.value = draft(kept) || text;
    field.addEventListener("input", () => keepDraft(kept, field.value));
    const trouble = h("div");
    const button = h("button", { class: "button small primary" }, yes);
    const mentions = mentioning(field, state.people);
    const form = h("form", { class: "comment-form" }, h("div", { class: "field" }, h("label", { for: id }, label), mentions.element), trouble,
      h("div", { class: "buttons" }, done && h("button", { type: "button", class: "button small", onclick: () => { keepDraft(kept, ""); close(); } }, "Cancel"), button));
    const close = () => {
      forms.delete(name);
      done?.();
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!field.value.trim()) return field.focus();
      fill(trouble);
      button.disabled = true;
      try {
        await send({ text: field.value.trim(), mentions: mentions.ids() });
        keepDraft(kept, "");
        close();
        await state.loadComments();
      } catch (fault) {
        fill(trouble, refusal(fault));
      }
      button.disabled = false;
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    forms.set(name, form);
    return form;
  }

  /** Mentions stand out; all else is text. */
  function words(comment) {
    const names = comment.mentions.map((id) => state.people.get(id)?.name).filter(Boolean).map((name) => `@${name}`).sort((one, other) => other.length - one.length);
    const found = [];
    let rest = comment.text;
    while (rest) {
      const next = names.map((name) => ({ name, at: rest.indexOf(name) })).filter((one) => one.at >= 0).sort((one, other) => one.at - other.at)[0];
      if (!next) break;
      found.push(rest.slice(0, next.at), h("strong", { class: "mention" }, next.name));
      rest = rest.slice(next.at + next.name.length);
    }
    return [...found, rest];
  }

  function one(comment) {
    const mine = comment.author_id === me.id;
    const mayDelete = mine || me.role === "owner" || me.role === "admin";
    const editing = forms.get(`edit-${comment.id}`);
    return h("div", { class: "comment" },
      h("div", { class: "comment-head" }, h("strong", {}, comment.author), h("time", { class: "quiet", datetime: comment.created_at }, ago(comment.created_at), comment.edited_at ? ", edited" : ""),
        (mine || mayDelete) && menuButton(`Actions for the comment by ${comment.author}`, () => [
          mine && { label: "Edit", act: () => {
            const form = formFor(`edit-${comment.id}`, "Your comment", "Save", (given) => api.patch(`${path}/${comment.id}`, given), comment.text, () => draw());
            draw();
            form.querySelector("textarea").focus();
          } },
          mayDelete && { label: "Delete", danger: true, act: () => attempt(async () => {
            const yes = await ask({ title: "Delete this comment?", text: comment.reply_to ? "It goes for good." : "It goes for good, and the answers to it.", yes: "Delete", danger: true });
            if (yes === null) return;
            await api.remove(`${path}/${comment.id}`);
            await state.loadComments();
          }) },
        ])),
      editing ?? h("p", { class: "comment-text", dir: "auto" }, words(comment)));
  }

  function thread(comment) {
    const replies = state.comments.filter((reply) => reply.reply_to === comment.id);
    const clause = comment.clause_id && state.clause(comment.clause_id);
    const settle = () => attempt(async () => {
      await api.patch(`${path}/${comment.id}`, { is_resolved: !comment.resolved_at });
      toast(comment.resolved_at ? "It is open again." : "Settled.");
      await state.loadComments();
    });
    const name = `reply-${comment.id}`;
    return h("li", { class: comment.resolved_at ? "thread settled" : "thread" },
      clause && clause.id !== state.current && h("p", { class: "where" }, h("a", { href: `#c-${clause.id}`, onclick: (event) => { event.preventDefault(); state.goTo(clause.id); } }, clauseName(clause))),
      comment.clause_id && !clause && h("p", { class: "where quiet" }, "On a clause that is gone"),
      one(comment), replies.map(one),
      comment.resolved_at && h("p", { class: "quiet" }, `Settled by ${comment.resolved_by ?? "somebody"} ${ago(comment.resolved_at)}`),
      forms.get(name) ?? h("div", { class: "buttons" },
        h("button", { type: "button", class: "button small", "aria-label": `Answer ${comment.author}`, onclick: () => {
          const form = formFor(name, "Your answer", "Answer", (given) => api.post(path, { ...given, reply_to: comment.id }), "", () => draw());
          draw();
          form.querySelector("textarea").focus();
        } }, "Answer"),
        h("button", { type: "button", class: "button small", "aria-label": `${comment.resolved_at ? "Open again" : "Settle"} the thread by ${comment.author}`, onclick: settle }, comment.resolved_at ? "Open again" : icon("check"), !comment.resolved_at && "Settle")));
  }

  function draw(panel = place) {
    if (!panel) return;
    place = panel;
    const focused = panel.contains(document.activeElement) ? document.activeElement : null;
    const clause = state.current && state.clause(state.current);
    const threads = state.comments.filter((comment) => !comment.reply_to && (!clause || comment.clause_id === clause.id));
    const settled = threads.filter((comment) => comment.resolved_at).length;
    const shown = threads.filter((comment) => showsSettled || !comment.resolved_at);
    const form = formFor(`on-${clause?.id ?? "contract"}`, clause ? `Comment on ${clauseName(clause)}` : "Comment on the contract", "Comment", (given) => api.post(path, { ...given, clause_id: clause?.id }));
    fill(panel,
      h("h2", { dir: "auto" }, clause ? `On ${clauseName(clause)}` : "All comments"),
      clause && h("p", {}, h("button", { type: "button", class: "button small", onclick: () => state.select(null) }, "Show all comments")),
      shown.length > 0 ? h("ul", { class: "threads" }, shown.map(thread)) : h("p", { class: "quiet" }, settled > 0 ? "What was said here is settled." : "Nobody has said anything yet."),
      settled > 0 && h("label", { class: "check" }, h("input", { type: "checkbox", checked: showsSettled, onchange: (event) => { showsSettled = event.target.checked; draw(); panel.querySelector(".check input").focus(); } }), h("span", {}, `Show settled ones (${settled})`)),
      form);
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }

  return { draw, focus: () => place?.querySelector(":scope > .comment-form textarea")?.focus() };
}
