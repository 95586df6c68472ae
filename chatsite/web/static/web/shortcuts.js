import { isWriting } from "./dom.js";

/** Keys for the whole page; `actions` by name. `_shortcuts.html` and docs/web.md have the same list. */
export function mountShortcuts(sheet, actions) {
  const show = () => sheet.open || sheet.showModal();
  for (const button of document.querySelectorAll("[data-shortcuts]")) {
    button.hidden = false;
    button.addEventListener("click", show);
  }
  const plain = { "/": actions.search, n: actions.alerts, a: actions.archive, "?": show };
  const withAlt = { ArrowUp: () => actions.step(-1), ArrowDown: () => actions.step(1) };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.isComposing || event.defaultPrevented || sheet.open) return;
    if (event.key === "Escape" && !event.altKey) return void actions.escape();
    const writing = isWriting(event.target);
    const action = event.altKey ? withAlt[event.key] : !writing && plain[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
