import { fullTime } from "./dates.js";
import { ask, cancelling, closing } from "./dialogs.js";
import { el } from "./dom.js";
import { linked } from "./links.js";
import { gettext, interpolate } from "./texts.js";

/** The earlier versions of a message, with their times. */
export async function showHistory(host, edits, message) {
  const versions = edits.map((edit, index) => ({
    content: edit.content,
    at: index === 0 ? message.createdAt : edits[index - 1].replacedAt,
  }));
  versions.push({ content: message.content, at: edits.at(-1)?.replacedAt ?? message.createdAt });
  const items = versions.reverse().map(({ content, at }, index) =>
    el(
      "li",
      {},
      el("p", { class: "version-time" }, fullTime(new Date(at)), index === 0 && ` · ${gettext("now")}`),
      el("p", { class: "version-text", dir: "auto" }, ...linked(content)),
    ),
  );
  const body = [el("ol", { class: "versions" }, ...items)];
  await ask(host, gettext("Edit history"), body, [closing(gettext("Close"), "")]);
}

/** `{reason, text}` of a report to the moderators, or null. */
export async function askReport(host) {
  const reasons = {
    spam: gettext("Spam"),
    abuse: gettext("Abuse or harassment"),
    fraud: gettext("Fraud"),
    privacy: gettext("Private information"),
    other: gettext("Something else"),
  };
  const choices = Object.entries(reasons).map(([value, label]) =>
    el("label", { class: "choice" }, el("input", { type: "radio", name: "reason", value, required: true }), label),
  );
  const words = gettext("Moderators will look at this message. Nobody else sees your report.");
  const text = el("textarea", { name: "text", rows: "3", maxlength: "2000", dir: "auto" });
  const body = [
    el("p", { class: "dialog-text" }, words),
    el("fieldset", { class: "choices" }, el("legend", {}, gettext("What is wrong?")), ...choices),
    el("label", { class: "field" }, gettext("Anything to add?"), text),
  ];
  const buttons = [cancelling(gettext("Cancel")), closing(gettext("Report"), "yes", "is-danger")];
  const { value, form } = await ask(host, gettext("Report message"), body, buttons);
  if (value !== "yes") return null;
  return { reason: form.elements.reason.value, text: form.elements.text.value };
}

/** Ask what a picture shows, in at most `limit` characters. Resolves with the text, or null. */
export async function askDescription(host, { name, text, limit }) {
  const hint = gettext("For people who cannot see the picture. Everybody in the conversation can read it.");
  const id = "picture-description-hint";
  const area = el("textarea", { name: "text", rows: "4", maxlength: String(limit), dir: "auto", "aria-describedby": id });
  area.value = text;
  const body = [
    el("label", { class: "field" }, interpolate(gettext("What does %(name)s show?"), { name }), area),
    el("p", { class: "dialog-text", id }, hint),
  ];
  const buttons = [cancelling(gettext("Cancel")), closing(gettext("Save"), "yes", "is-main")];
  const { value, form } = await ask(host, gettext("Describe the picture"), body, buttons);
  return value === "yes" ? form.elements.text.value.trim() : null;
}
