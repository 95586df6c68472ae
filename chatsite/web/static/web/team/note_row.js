import { clockTime, fullTime } from "../thread/dates.js";
import { el, icon, iconButton } from "../thread/dom.js";
import { linked } from "../thread/links.js";
import { gettext, interpolate } from "../thread/texts.js";

/**
 * A private note between the messages. It does not look like a message to the customer: a card across the whole width, with a
 * lock and the words. `context`: nameOf(id), canEdit(note), canDelete(note), edit, remove, retry, discard.
 */
export function drawNote({ key, note }, node, context) {
  const row = node ?? el("article", { class: "row row-note", id: key });
  const actions = [context.canEdit(note), context.canDelete(note)];
  const stamp = JSON.stringify([note, context.nameOf(note.authorId), actions]);
  if (row.dataset.stamp === stamp) return row;
  row.dataset.stamp = stamp;
  row.classList.toggle("is-failed", note.pending === "failed");
  row.replaceChildren(head(note, context), text(note, context), ...foot(note, context));
  return row;
}

function head(note, context) {
  const at = new Date(note.createdAt);
  const time = el("time", { datetime: note.createdAt, title: fullTime(at) }, clockTime(at));
  const words = el("span", { class: "note-words" }, el("strong", {}, gettext("Private note")), " · ", el("bdi", {}, context.nameOf(note.authorId)), " · ", time);
  if (note.editedAt) words.append(" · ", gettext("edited"));
  if (note.pending === "saving") words.append(" · ", gettext("saving…"));
  const buttons = [
    context.canEdit(note) && iconButton("edit", gettext("Edit the note"), { on: { click: () => context.edit(note) } }),
    context.canDelete(note) && iconButton("delete", gettext("Delete the note"), { on: { click: () => context.remove(note) } }),
  ];
  return el("header", { class: "note-head" }, icon("lock"), words, el("span", { class: "note-buttons" }, ...buttons));
}

function text(note, context) {
  const names = note.mentionIds.map((id) => context.nameInText(id)).filter(Boolean);
  return el("p", { class: "note-text", dir: "auto" }, ...withMentions(note.content, names));
}

function withMentions(content, names) {
  if (!names.length) return linked(content);
  const escaped = names.sort((a, b) => b.length - a.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const parts = content.split(new RegExp(`(@(?:${escaped.join("|")}))(?![\\p{L}\\p{N}])`, "u"));
  return parts.flatMap((part, at) => (at % 2 ? [el("strong", { class: "note-mention" }, part)] : linked(part)));
}

function foot(note, context) {
  if (note.pending !== "failed") return [];
  const button = (label, act) => el("button", { type: "button", class: "text-button", on: { click: act } }, label);
  const words = interpolate(gettext("The note was not saved: %(reason)s"), { reason: note.reason });
  const again = button(gettext("Try again"), () => context.retry(note.clientId));
  return [el("p", { class: "failure", role: "alert" }, words, again, button(gettext("Discard"), () => context.discard(note.clientId)))];
}
