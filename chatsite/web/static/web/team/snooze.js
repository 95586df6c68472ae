import { ask, cancelling, closing } from "../thread/dialogs.js";
import { el } from "../thread/dom.js";

const MORNING = 9; // o'clock

/** The times to choose from: `[key, text, date]`. */
export function snoozeTimes(now = new Date()) {
  const monday = (8 - now.getDay()) % 7 || 7;
  return [
    ["hour", gettext("for an hour"), new Date(now.getTime() + 3_600_000)],
    ["tomorrow", gettext("until tomorrow morning"), morning(now, 1)],
    ["monday", gettext("until Monday morning"), morning(now, monday)],
  ];
}

/** The time as ISO 8601. Asks for it if `key` is not one of the choices. Null if the person cancels. */
export async function snoozeUntil(host, key) {
  const known = snoozeTimes().find(([name]) => name === key);
  if (known) return known[2].toISOString();
  return askTime(host, { title: gettext("Snooze"), label: gettext("Until"), action: gettext("Snooze") });
}

function morning(now, days) {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING);
}

/** Ask for a future time, as ISO 8601, or null. */
async function askTime(host, { title, label, action }) {
  const input = el("input", { type: "datetime-local", name: "time", required: true, min: localTime(new Date()) });
  const body = [el("label", { class: "field" }, label, input)];
  const { value, form } = await ask(host, title, body, [cancelling(gettext("Cancel")), closing(action, "yes", "is-main")]);
  return value === "yes" ? new Date(form.elements.time.value).toISOString() : null;
}

function localTime(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
