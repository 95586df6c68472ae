import { make } from "./dom.js";

/** The panel below the bell, empty. `types`: `[{name, text}]`. `handlers`: `close()`, `readAll()`, `filter({type, unread})`, `clicked(event)`. */
export function makeNotificationPanel(filter, types, handlers) {
  const close = make("button", { type: "button", className: "icon-button", aria: { label: gettext("Close") } }, "✕");
  close.addEventListener("click", handlers.close);
  const all = make("button", { type: "button", className: "button quiet", data: { readAll: "" } }, gettext("Mark all as read"));
  all.addEventListener("click", handlers.readAll);
  const heading = make("h2", { tabIndex: -1, id: "alerts-title" }, gettext("Notifications"));
  const top = make("header", { className: "alerts-top" }, heading, close);
  const list = make("ul", { className: "alerts", data: { alerts: "" } });
  const empty = make("p", { className: "list-empty", hidden: true, data: { alertsEmpty: "" } });
  const more = make("div", { className: "list-more", data: { alertsMore: "" } });
  const scroll = make("div", { className: "alerts-scroll" }, list, empty, more);
  const foot = make("footer", { className: "alerts-foot" }, all);
  const filters = makeFilters(filter, types, handlers.filter);
  const panel = make("section", { className: "alerts-panel", role: "dialog", aria: { labelledby: "alerts-title" } }, top, filters, scroll, foot);
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    handlers.close();
  });
  list.addEventListener("click", handlers.clicked);
  return panel;
}

function makeFilters(now, types, changed) {
  const bar = make("div", { className: "filters", role: "group", aria: { label: gettext("Filter notifications") } });
  const choices = [
    [gettext("All"), { type: "", unread: false }],
    [gettext("Unread"), { type: "", unread: true }],
    ...types.map(({ name, text }) => [text, { type: name, unread: false }]),
  ];
  for (const [text, filter] of choices) {
    const isNow = filter.type === now.type && filter.unread === now.unread;
    const button = make("button", { type: "button", className: "filter", aria: { pressed: String(isNow) } }, text);
    button.addEventListener("click", () => {
      for (const each of bar.children) each.setAttribute("aria-pressed", String(each === button));
      changed(filter);
    });
    bar.append(button);
  }
  return bar;
}
