import { STYLE } from "./style.js";

const SPEECH =
  "M12 3C6.5 3 2 6.8 2 11.5c0 2.3 1.1 4.4 2.9 5.9L4 21.5l4.6-2c1.1.3 2.2.5 3.4.5 5.5 0 10-3.8 10-8.5S17.5 3 12 3z";
const CROSS = "M6.2 4.8 12 10.6l5.8-5.8 1.4 1.4-5.8 5.8 5.8 5.8-1.4 1.4-5.8-5.8-5.8 5.8-1.4-1.4 5.8-5.8-5.8-5.8z";

/** The button and the panel, in a shadow root, so that the page's styles do not reach them. */
export class WidgetView {
  #host = element("business-chat");
  #root = this.#host.attachShadow({ mode: "open" });
  #badge = element("span", { class: "badge", "aria-hidden": "true" });
  #launcher;
  #notice;
  #words = element("p");
  #news = element("p", { class: "news", role: "status" });
  #texts;
  #narrow = matchMedia("(max-width: 480px), (max-height: 420px)");
  #fit = () => this.#fitKeyboard();
  panel;
  isOpen = false;

  /** `actions`: {toggle, close, retry}, called by the buttons. */
  constructor(texts, { launcher, position }, actions) {
    this.#texts = texts;
    this.#launcher = button("", { class: "launcher", "aria-haspopup": "dialog" }, actions.toggle);
    this.#launcher.append(icon(SPEECH), icon(CROSS), this.#badge);
    this.#launcher.hidden = launcher === "none";
    this.retry = button(texts.retry, {}, actions.retry);
    const choices = element("div", {}, this.retry, button(texts.close, {}, actions.close));
    this.#notice = element("div", { class: "notice", role: "status" }, this.#words, choices);
    this.panel = element("section", { class: "panel", role: "dialog", "aria-label": texts.panel }, this.#notice);
    this.panel.inert = true;
    this.surface = element("div", { class: "surface" }, this.panel, this.#launcher, this.#news);
    this.surface.classList.toggle("left", position === "left");
    this.#root.addEventListener("keydown", (event) => event.key === "Escape" && actions.close());
    window.visualViewport?.addEventListener("resize", this.#fit);
    dress(this.#root);
    this.#root.append(this.surface);
    document.body.append(this.#host);
  }

  /** `shade`: the business's accent colour and its text colour, if it has chosen one. */
  setTheme(name, shade) {
    this.surface.dataset.theme = name;
    if (!shade) return;
    this.surface.style.setProperty("--accent", shade.accent);
    this.surface.style.setProperty("--ink", shade.ink);
  }

  setOpen(isOpen) {
    this.isOpen = isOpen;
    this.surface.classList.toggle("open", isOpen);
    this.panel.inert = !isOpen;
    this.panel.setAttribute("aria-modal", String(isOpen && this.#narrow.matches));
    this.#news.textContent = "";
    this.#fitKeyboard();
  }

  /** Show a text in place of the frame, or none. */
  say(text) {
    this.#notice.hidden = !text;
    this.retry.hidden = text !== "failed";
    this.#words.textContent = text ? this.#texts[text] : "";
  }

  /** `isNews`: announce it to screen readers. */
  showUnread(count, isNews) {
    const waiting = this.#texts.unread.replace("{count}", String(count));
    const label = this.isOpen ? this.#texts.close : count ? waiting : this.#texts.open;
    this.#launcher.setAttribute("aria-label", label);
    this.#launcher.setAttribute("aria-expanded", String(this.isOpen));
    this.#badge.textContent = count > 99 ? "99+" : count ? String(count) : "";
    if (isNews) this.#news.textContent = waiting;
  }

  /** Move the focus into the panel, or back to the button. */
  focus(frame) {
    if (this.isOpen) frame.focus();
    else if (!this.#launcher.hidden) this.#launcher.focus();
  }

  remove() {
    window.visualViewport?.removeEventListener("resize", this.#fit);
    this.#host.remove();
  }

  /** On a phone the keyboard covers the lower part of the page, so reduce the panel's height. */
  #fitKeyboard() {
    const covers = this.isOpen && this.#narrow.matches && window.visualViewport;
    this.panel.style.height = covers ? `${window.visualViewport.height}px` : "";
    this.panel.style.top = covers ? `${window.visualViewport.offsetTop}px` : "";
  }
}

// The page's policy may forbid HTML and styles as text, so create the elements one by one.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function button(words, attributes, pressed) {
  const made = element("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", pressed);
  return made;
}

function icon(shape) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", shape);
  svg.append(path);
  return svg;
}

function dress(root) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(element("style", {}, STYLE)); // an older browser without constructable style sheets
  }
}
