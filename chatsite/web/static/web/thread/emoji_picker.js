import { el } from "./dom.js";
import { gettext } from "./texts.js";

const DATA = document.documentElement.dataset.emoji ?? new URL("../emoji.json", import.meta.url); // a bundle is elsewhere
const TONES = ["", "\u{1f3fb}", "\u{1f3fc}", "\u{1f3fd}", "\u{1f3fe}", "\u{1f3ff}"];
const TONE_KEY = "chat-skin-tone";
const MOST_FOUND = 80;
const COLUMNS = 8;
let loading = null;

/** Unicode's emoji in groups, loaded on first use. */
function loadEmoji() {
  loading ??= fetch(DATA).then((answer) => {
    if (!answer.ok) throw new Error(`emoji: ${answer.status}`);
    return answer.json();
  });
  loading.catch(() => (loading = null));
  return loading;
}

/** The emoji with this skin tone, which Unicode puts after the first character. */
export function inTone(emoji, tone) {
  if (!tone) return emoji;
  const [first, ...rest] = emoji;
  return first + tone + rest.join("").replace(/^\ufe0f/u, "");
}

/** A dialog with all emoji, a search and skin tones. Resolves with the chosen emoji, or null. */
export function pickEmoji(host) {
  return new Promise((resolve) => {
    const picker = new EmojiPicker(resolve);
    host.append(picker.dialog);
    picker.dialog.showModal();
    picker.load();
  });
}

class EmojiPicker {
  #groups = [];
  #tone = storedTone();
  #chosen = null;

  constructor(resolve) {
    const typed = { input: () => this.#draw(), keydown: (event) => event.key === "ArrowDown" && this.#focusFirst(event) };
    const label = gettext("Search emoji");
    this.field = el("input", { type: "search", class: "emoji-search", placeholder: label, "aria-label": label, autocomplete: "off", on: typed });
    this.tones = el("div", { class: "emoji-tones", role: "radiogroup", "aria-label": gettext("Skin tone") }, ...TONES.map((tone) => this.#toneButton(tone)));
    this.box = el("div", { class: "emoji-box", on: { click: (event) => this.#clicked(event), keydown: (event) => this.#moved(event) } });
    const on = { close: () => this.#closed(resolve), click: (event) => event.target === this.dialog && this.dialog.close() };
    this.dialog = el("dialog", { class: "emoji-picker", "aria-label": gettext("Choose an emoji"), on }, this.field, this.tones, this.box);
  }

  async load() {
    try {
      this.#groups = await loadEmoji();
      this.#draw();
    } catch {
      this.box.replaceChildren(el("p", { role: "alert" }, gettext("The emoji could not be loaded.")));
    }
  }

  #closed(resolve) {
    this.dialog.remove();
    resolve(this.#chosen);
  }

  #draw() {
    const words = this.field.value.toLowerCase().split(/\s+/u).filter(Boolean);
    if (!words.length) return this.box.replaceChildren(...this.#groups.map((group) => this.#section(group.name, group.emoji)));
    const isFound = ([, text]) => words.every((word) => ` ${text}`.toLowerCase().includes(` ${word}`));
    const found = this.#groups.flatMap((group) => group.emoji.filter(isFound)).slice(0, MOST_FOUND);
    if (found.length) return this.box.replaceChildren(this.#section(gettext("Found"), found));
    return this.box.replaceChildren(el("p", { role: "status" }, gettext("No emoji found.")));
  }

  #section(name, entries) {
    const buttons = entries.map(([emoji, words, hasTones]) => {
      const shown = hasTones ? inTone(emoji, this.#tone) : emoji;
      const [label] = words.split(",");
      return el("button", { type: "button", class: "emoji", title: label, "aria-label": label, "data-emoji": shown }, shown);
    });
    return el("section", {}, el("h3", { class: "emoji-heading" }, name), el("div", { class: "emoji-grid" }, ...buttons));
  }

  #toneButton(tone) {
    const given = { type: "button", role: "radio", class: "emoji", "aria-checked": String(tone === this.#tone) };
    const label = tone ? `${gettext("Skin tone")} ${TONES.indexOf(tone)}` : gettext("No skin tone");
    return el("button", { ...given, "aria-label": label, on: { click: () => this.#setTone(tone) } }, inTone("✋", tone));
  }

  #setTone(tone) {
    this.#tone = tone;
    storeTone(tone);
    [...this.tones.children].forEach((button, index) => button.setAttribute("aria-checked", String(TONES[index] === tone)));
    this.#draw();
  }

  #clicked(event) {
    const button = event.target.closest("[data-emoji]");
    if (!button) return;
    this.#chosen = button.dataset.emoji;
    this.dialog.close();
  }

  #focusFirst(event) {
    event.preventDefault();
    this.box.querySelector(".emoji")?.focus();
  }

  #moved(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
    const buttons = [...this.box.querySelectorAll(".emoji")];
    const at = buttons.indexOf(document.activeElement);
    if (!(event.key in steps) || at < 0) return;
    event.preventDefault();
    const to = buttons[at + steps[event.key]];
    if (to) to.focus();
    else if (event.key === "ArrowUp") this.field.focus();
  }
}

function storedTone() {
  try {
    const tone = localStorage.getItem(TONE_KEY) ?? "";
    return TONES.includes(tone) ? tone : "";
  } catch {
    return ""; // storage is forbidden
  }
}

function storeTone(tone) {
  try {
    localStorage.setItem(TONE_KEY, tone);
  } catch {
    // The tone lasts as long as this picker.
  }
}
