import { make } from "../dom.js";

/** A label: its name with a dot of its colour, so that the text is readable with any colour. */
export function labelChip({ name, color }) {
  const dot = make("i", { className: "label-dot", ariaHidden: "true" });
  dot.style.setProperty("--label", color);
  return make("span", { className: "label-chip" }, dot, make("bdi", {}, name));
}
