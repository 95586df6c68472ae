/** All text is inserted as text. Nothing that people wrote is parsed as HTML. */
export function fill(root, name, text) {
  const field = root.querySelector(`[data-field="${name}"]`);
  if (field && field.textContent !== text) field.textContent = text;
  return field;
}

export function show(element, visible) {
  if (element) element.hidden = !visible;
}

/** The first element of a <template>. */
export function copyOf(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** `make("button", {type: "button", className: "button"}, "text", child…)`; `data` and `aria` are maps. */
export function make(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children);
  return element;
}

/** Whether the page may handle the click itself, because it does not ask for another tab or window. */
export function isPlainClick(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;
}

/** Whether the focus is in a field for text. */
export function isWriting(target) {
  return target.closest?.("input:not([type=radio]), textarea, select, [contenteditable=true]") !== null;
}

export function isPhone() {
  return matchMedia("(max-width: 760px)").matches;
}

/** Announce a text to screen readers. */
export function announce(text) {
  const place = document.querySelector("[data-announcer]");
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = text));
}
