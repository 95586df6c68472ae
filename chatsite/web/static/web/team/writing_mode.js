import { el, icon } from "../thread/dom.js";
import { gettext } from "../thread/texts.js";

/**
 * The switch above the field between a message to the customer and a note for the team. Each keeps its own text, so that
 * the text of a note is never sent to the customer. The whole composer looks different for a note.
 *
 * `handlers`: `text` of a stored draft, `keep(text)`, `add(text)`, `edit(note, text)`.
 */
export class WritingMode {
  #composer;
  #handlers;
  #text;
  #buttons;
  #group;

  constructor(composer, handlers) {
    this.#composer = composer;
    this.#handlers = handlers;
    this.#text = handlers.text;
    const button = (isNote, shape, label) => {
      const given = { type: "button", class: "writing-choice", "aria-pressed": String(!isNote), on: { click: () => this.#choose(isNote) } };
      return el("button", given, shape && icon(shape), label);
    };
    this.#buttons = [button(false, "send", gettext("Message")), button(true, "lock", gettext("Private note"))];
    this.#group = el("div", { class: "writing-mode", role: "group", "aria-label": gettext("What you write") }, ...this.#buttons);
    composer.element.prepend(this.#group);
    if (this.#text) this.#buttons[1].classList.add("has-draft");
  }

  /** Put another button beside the switch. */
  append(button) {
    this.#group.append(button);
  }

  /** Take over a note's draft from another tab. */
  takeDraft(text) {
    if (this.#composer.isNote) this.#composer.fillNote(text);
    else this.#text = text;
  }

  edit(note) {
    this.#set(true);
    this.#composer.edit(note);
  }

  #choose(isNote) {
    this.#set(isNote);
    this.#composer.focus();
  }

  #set(isNote) {
    if (this.#composer.isNote === isNote) return;
    if (isNote) this.#composer.beginNote(this.#purpose(), this.#text);
    else this.#composer.endNote();
  }

  #purpose() {
    this.#showMode(true);
    return {
      placeholder: gettext("Only your team sees this note"),
      label: gettext("Private note"),
      action: gettext("Add the note"),
      editing: gettext("Editing a note"),
      handlers: {
        send: (text) => this.#handlers.add(text),
        edit: (note, text) => this.#handlers.edit(note, text),
        draft: ({ text }) => this.#handlers.keep(text),
        typing: () => undefined, // the customer must not see that somebody writes a note
        idle: () => undefined,
        editLast: () => undefined,
        ended: (text) => this.#onEnd(text),
      },
    };
  }

  #onEnd(text) {
    this.#text = text;
    this.#showMode(false);
  }

  #showMode(isNote) {
    const [message, note] = this.#buttons;
    message.setAttribute("aria-pressed", String(!isNote));
    note.setAttribute("aria-pressed", String(isNote));
    note.classList.toggle("has-draft", !isNote && this.#text !== "");
  }
}
