import { CharactersLeft } from "./characters_left.js";
import { editParts, replyParts } from "./composing.js";
import { el, icon } from "./dom.js";
import { growWithText } from "./growing_field.js";
import { gettext } from "./texts.js";

const MESSAGE = () => ({ placeholder: gettext("Write a message"), label: gettext("Message"), action: gettext("Send") });

/**
 * The form for a new message, a reply or an edit. `handlers`: send(text, replyTo), edit(message, text),
 * draft({text, replyTo}), typing(), idle(), editLast(), quote(id) → {state, name, text}, leave().
 * `files`: the tray, chooser and recorder of `ThreadAttachments`.
 */
export class Composer {
  element;
  #handlers;
  #files;
  #context = el("div", { class: "composing" });
  #input;
  #grow;
  #send;
  #left;
  #replyTo = null;
  #editing = null;
  #kept = ""; // the unsent text from before an edit
  #note = null; // for a private note: its purpose, and the unsent message from before

  constructor(limit, handlers, files) {
    this.#files = files;
    this.#handlers = handlers;
    this.#input = el("textarea", {
      class: "composer-input",
      id: "message-field",
      rows: "1",
      dir: "auto",
      placeholder: MESSAGE().placeholder,
      "aria-label": MESSAGE().label,
      autocomplete: "off",
      enterkeyhint: isTouch() ? "enter" : "send",
      name: "content",
      on: { input: () => this.#onInput(), keydown: (event) => this.#onKey(event), blur: () => this.#handlers.idle() },
    });
    this.#grow = growWithText(this.#input);
    this.#left = new CharactersLeft(this.#input, limit);
    this.#input.addEventListener("paste", (event) => this.takesFiles && files.chooser.paste(event));
    this.#send = el(
      "button",
      { type: "submit", class: "send", "aria-label": MESSAGE().action, title: MESSAGE().action },
      icon("send"),
    );
    const { tray, chooser, recorder } = files;
    const line = el("div", { class: "composer-line" }, chooser.button, this.#input, recorder.button, this.#send);
    const submit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    this.element = el("form", { class: "composer", on: { submit } }, this.#context, tray.element, line, recorder.element, this.#left.element);
    this.#show();
  }

  get text() {
    return this.#input.value;
  }

  /** Whether the text is a private note instead of a message. */
  get isNote() {
    return this.#note !== null;
  }

  /** Edits and private notes have no files. A file must not turn a note into a message to the customer either. */
  get takesFiles() {
    return !this.isEditing && !this.isNote;
  }

  get isEditing() {
    return this.#editing !== null;
  }

  /** What the text is for: null for a new message, and another object for each edit and each turn to a note. */
  get subject() {
    return this.#editing ?? this.#note;
  }

  get hasFocus() {
    return document.activeElement === this.#input;
  }

  /** Set the text from elsewhere: a stored draft, another tab, or the form from before the scripts ran. */
  fill({ text, replyTo = null }) {
    if (this.#note) {
      Object.assign(this.#note.waiting, { text, replyTo });
      return;
    }
    if (this.#editing) {
      this.#kept = text;
      return;
    }
    if (this.#input.value !== text) this.#input.value = text;
    this.#replyTo = replyTo;
    this.#show();
  }

  /**
   * Switch to a private note, until `endNote()` or something that only a message can have. `purpose`: the texts
   * `placeholder`, `label`, `action` and `editing`, and `handlers` as of the constructor, with `ended(text)`.
   */
  beginNote(purpose, text) {
    if (this.#editing) this.#stopEditing();
    this.#handlers.idle();
    const waiting = { text: this.#input.value, replyTo: this.#replyTo };
    this.#note = { purpose, waiting, before: this.#handlers, files: this.#files.tray.files.length };
    this.#handlers = { ...this.#handlers, ...purpose.handlers };
    this.#replyTo = null;
    this.#input.value = text;
    this.#name(purpose);
  }

  endNote() {
    if (!this.#note) return;
    if (this.#editing) this.#stopEditing();
    const { waiting, before } = this.#note;
    this.#handlers.ended(this.#input.value);
    this.#note = null;
    this.#handlers = before;
    this.#input.value = waiting.text;
    this.#replyTo = waiting.replyTo;
    this.#name(MESSAGE());
  }

  fillNote(text) {
    if (this.#editing) this.#kept = text;
    else this.#input.value = text;
    this.#show();
  }

  #name({ placeholder, label, action }) {
    this.#input.placeholder = placeholder;
    this.#input.setAttribute("aria-label", label);
    this.#send.setAttribute("aria-label", action);
    this.#send.title = action;
    this.element.classList.toggle("is-note", this.isNote);
    this.#show();
  }

  replyTo(message) {
    this.endNote();
    if (this.#editing) this.#stopEditing();
    this.#replyTo = message.id;
    this.#keepDraft();
    this.#show();
    this.focus();
  }

  /** `message`: an own message, or an own note in the mode for notes. */
  edit(message) {
    if (!message.authorId) this.endNote();
    if (!this.#editing) this.#kept = this.#input.value;
    this.#editing = message;
    this.#input.value = message.content;
    this.#show();
    this.focus();
    this.#input.setSelectionRange(message.content.length, message.content.length);
  }

  /** Restore an edit that failed, so that the user can try again. */
  fillEdit(text) {
    this.#input.value = text;
    this.#show();
  }

  focus() {
    this.#input.focus({ preventScroll: true });
  }

  /** Cancel the reply. */
  takeReply() {
    const replyTo = this.#editing ? null : this.#replyTo;
    if (replyTo) this.cancel();
    return replyTo;
  }

  /** Files were added or removed, or a recording began or ended. */
  filesChanged() {
    const { recorder, tray } = this.#files;
    if (this.#note && tray.files.length > this.#note.files) this.endNote(); // a note takes no files
    const ended = this.element.classList.contains("is-recording") && !recorder.isRecording;
    this.element.classList.toggle("is-recording", recorder.isRecording);
    this.#showSize();
    if (ended) this.focus();
  }

  /** Draw the quote. Called again when the quoted message was fetched or has changed. */
  renew() {
    this.#showContext();
  }

  cancel() {
    if (this.#editing) {
      this.#stopEditing();
      this.#handlers.idle();
    } else this.#replyTo = null;
    this.#keepDraft();
    this.#show();
  }

  #stopEditing() {
    this.#editing = null;
    this.#input.value = this.#kept;
    this.#kept = "";
  }

  #submit() {
    const text = this.#input.value;
    if (!this.#hasContent || this.#left.isOver) return this.focus();
    if (this.#editing) {
      const message = this.#editing;
      this.#stopEditing();
      this.#handlers.idle(); // sending a message ends typing, but an edit does not
      if (text !== message.content) this.#handlers.edit(message, text);
    } else {
      const replyTo = this.#replyTo;
      this.#replyTo = null;
      this.#input.value = "";
      this.#handlers.send(text, replyTo);
    }
    this.#keepDraft();
    this.#show();
    return this.focus();
  }

  get #hasContent() {
    return this.#input.value.trim() !== "" || (!this.#editing && !this.#note && !this.#files.tray.isEmpty);
  }

  #onInput() {
    if (!this.#editing) this.#keepDraft();
    if (this.#input.value) this.#handlers.typing();
    else this.#handlers.idle();
    this.#showSize();
  }

  #onKey(event) {
    // While an input method is composing, Enter chooses a word and must not send.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && (!isTouch() || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && (this.#editing || this.#replyTo)) {
      event.preventDefault();
      event.stopPropagation();
      this.cancel();
    } else if (event.key === "ArrowUp" && !this.#input.value && !this.#editing) {
      event.preventDefault();
      this.#handlers.editLast();
    }
  }

  #keepDraft() {
    this.#handlers.draft({ text: this.#editing ? this.#kept : this.#input.value, replyTo: this.#replyTo });
  }

  #show() {
    this.#showContext();
    this.#showSize();
  }

  #showSize() {
    this.#grow();
    this.#left.show();
    this.#send.disabled = this.#left.isOver || !this.#hasContent;
    this.element.classList.toggle("has-content", this.#hasContent);
    this.element.classList.toggle("is-editing", this.isEditing);
  }

  #showContext() {
    const cancel = () => {
      this.cancel();
      this.focus();
    };
    const title = this.#note?.purpose.editing ?? gettext("Editing a message");
    const edited = () => editParts(title, this.#editing.content, cancel);
    const answered = () => replyParts(this.#handlers.quote(this.#replyTo), cancel);
    this.#context.replaceChildren(...(this.#editing ? edited() : this.#replyTo ? answered() : []));
  }
}

/** On a touch screen Enter begins a new line, and the button sends. */
function isTouch() {
  return matchMedia("(pointer: coarse) and (hover: none)").matches;
}
