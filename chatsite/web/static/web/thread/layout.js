import { el, icon } from "./dom.js";
import { gettext } from "./texts.js";

/** The parts of the view, and their section. */
export function buildLayout({ head, composer, announcer, note }) {
  const box = el("div", { class: "thread-rows" });
  const log = { role: "log", "aria-live": "off", "aria-label": gettext("Messages") };
  const scroller = el("div", { class: "thread-scroller", ...log }, box);
  const empty = el("p", { class: "thread-empty", hidden: true });
  const count = el("span", { class: "latest-count" });
  const latest = el("button", { type: "button", class: "latest", hidden: true }, icon("down"), count);
  const error = el("p", { class: "thread-complaint", role: "alert" });
  const closed = el("p", { class: "thread-closed", hidden: true });
  const middle = el("div", { class: "thread-middle" }, scroller, empty, latest);
  const section = el(
    "section",
    { class: "thread is-live", "aria-label": gettext("Conversation") },
    head.element,
    head.connection,
    middle,
    error,
    note.element,
    closed,
    composer.element,
    announcer.element,
  );
  return { section, scroller, box, latest, count, error, closed, empty, middle };
}
