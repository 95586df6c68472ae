import { growWithText } from "../../web/thread/growing_field.js";
import { hoursText } from "../../web/thread/opening_hours.js";

/** Shows one of the template's screens, in the business's colours. */
export class Screens {
  #settings;
  #screens = [...document.querySelectorAll("[data-screen]")];
  #field = document.querySelector("#first textarea"); // for the first message
  #grow = growWithText(this.#field);
  #greeting = document.getElementById("greeting");
  #hours = document.getElementById("hours");
  #form = document.getElementById("before-chat"); // null if the business wants none
  #current = "loading";
  #chat = null;

  constructor(settings) {
    this.#settings = settings;
    this.#hours.textContent = hoursText(settings.availability).text;
  }

  /** `handlers`: close(), retry(), first(text, given): a visitor's first message, and the fields of the form. */
  on(handlers) {
    document.getElementById("close").addEventListener("click", handlers.close);
    document.getElementById("retry").addEventListener("click", handlers.retry);
    this.#field.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#field.value.trim()) handlers.first(this.#field.value, this.#formValues);
    });
    this.#field.addEventListener("input", this.#grow);
    this.#field.addEventListener("keydown", (event) => {
      const isSent = event.key === "Enter" && !event.shiftKey && !event.isComposing && !isPhone();
      if (!isSent) return;
      event.preventDefault();
      this.#field.form.requestSubmit();
    });
    document.addEventListener("keydown", (event) => {
      const isHandled = event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]");
      if (event.key === "Escape" && !isHandled) handlers.close();
    });
  }

  /** `chat`: the conversation, on its screen. If the focus is in the frame, move it to the next control. */
  show(name, chat = null) {
    const isNew = this.#current !== name;
    this.#current = name;
    this.#chat = chat;
    for (const screen of this.#screens) screen.hidden = screen.dataset.screen !== name;
    if (chat) this.clear(); // it has become a message
    chat?.show(document.getElementById("thread"));
    if (name !== "thread") this.greet(name === "first");
    this.#hours.hidden = name !== "first" || !this.#hours.textContent;
    if (isNew && document.hasFocus()) this.focus();
  }

  fail(code) {
    const { texts } = this.#settings;
    document.getElementById("reason").textContent = texts[code] ?? texts.unreachable;
    this.show("failed");
  }

  /** Whether a visitor fills in the business's form before the first message. */
  askForDetails(isAsked) {
    if (this.#form) this.#form.disabled = this.#form.hidden = !isAsked;
  }

  /** Forget the unsent text, such as that of the last visitor. */
  clear() {
    this.#field.value = "";
    this.#grow();
  }

  /** The greeting is for those who have not written yet. */
  greet(isNew) {
    if (this.#greeting) this.#greeting.hidden = !isNew;
  }

  /** With a physical keyboard, focus the text field. On a phone the screen keyboard would cover the messages. */
  focus() {
    if (isPhone()) document.querySelector("main").focus({ preventScroll: true });
    else if (this.#current === "thread") this.#chat.focus();
    else (this.#visible("main :is(textarea, input, button)") ?? document.getElementById("close")).focus();
  }

  setTheme(name) {
    document.documentElement.dataset.theme = name;
    const shade = this.#settings.shades[name];
    if (!shade) return;
    const { style } = document.documentElement;
    for (const token of ["--accent", "--focus", "--bubble-own"]) style.setProperty(token, shade.accent);
    for (const token of ["--on-accent", "--on-bubble-own", "--bubble-own-muted", "--tick-read"]) style.setProperty(token, shade.ink);
  }

  get #formValues() {
    const fields = [...this.#field.form.elements].filter((field) => field.matches("[data-given]:enabled"));
    return Object.fromEntries(fields.map(({ name, value }) => [name, value.trim()]));
  }

  #visible(selector) {
    return [...document.querySelectorAll(selector)].find((node) => node.checkVisibility());
  }
}

function isPhone() {
  return matchMedia("(pointer: coarse)").matches;
}
