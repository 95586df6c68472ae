import { el } from "./dom.js";

const KEPT = 8_000; // milliseconds
const MOST = 5; // lines at a time, when many messages arrive at once

/** Announces events to screen readers, politely, one after the other. */
export class Announcer {
  element = el("div", { class: "visually-hidden", "aria-live": "polite", "aria-relevant": "additions" });

  say(text) {
    const line = el("p", { dir: "auto" }, text);
    if (this.element.childElementCount >= MOST) this.element.firstChild.remove();
    this.element.append(line);
    setTimeout(() => line.remove(), KEPT);
  }
}
