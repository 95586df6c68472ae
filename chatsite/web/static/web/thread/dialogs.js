import { fullTime } from "./dates.js";
import { el } from "./dom.js";
import { linked } from "./links.js";
import { gettext, interpolate } from "./texts.js";

/** A modal dialog. Resolves with the value that it was closed with, or "" if it was cancelled. */
export function ask(host, title, body, buttons) {
  const id = `dialog-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const foot = el("div", { class: "dialog-foot" }, ...buttons);
  const form = el("form", { method: "dialog", class: "dialog-form" }, el("h3", { id }, title), ...body, foot);
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": id }, form);
  const before = document.activeElement;
  host.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("pointerdown", (event) => event.target === dialog && dialog.close(""));
    dialog.addEventListener("close", () => {
      resolve({ value: dialog.returnValue, form });
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
    });
    dialog.showModal();
  });
}

export function closing(label, value, kind = "", attributes = {}) {
  return el("button", { type: "submit", value, class: `button ${kind}`.trim(), ...attributes }, label);
}

/** It is no submit button: Enter in a field would press the first of those. */
export function cancelling(label) {
  return el("button", { type: "button", class: "button", on: { click: (event) => event.target.closest("dialog").close("") } }, label);
}

/** Ask for confirmation. */
export async function confirmed(host, { title, text, action, danger = false }) {
  const body = [el("p", { class: "dialog-text", dir: "auto" }, text)];
  const yes = closing(action, "yes", danger ? "is-danger" : "is-main");
  const { value } = await ask(host, title, body, [cancelling(gettext("Cancel")), yes]);
  return value === "yes";
}

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

/** Ask for a future time, as ISO 8601, or null. */
export async function askTime(host, { title, label, action }) {
  const input = el("input", { type: "datetime-local", name: "time", required: true, min: localTime(new Date()) });
  const body = [el("label", { class: "field" }, label, input)];
  const { value, form } = await ask(host, title, body, [cancelling(gettext("Cancel")), closing(action, "yes", "is-main")]);
  return value === "yes" ? new Date(form.elements.time.value).toISOString() : null;
}

function localTime(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
