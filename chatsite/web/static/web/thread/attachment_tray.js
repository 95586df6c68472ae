import { sizeText } from "./attachment_texts.js";
import { el, icon, iconButton } from "./dom.js";
import { gettext, interpolate } from "./texts.js";

/** The chosen files that are not sent yet, above the text field. `limits`: {count, bytes}. */
export class AttachmentTray {
  element = el("ul", { class: "tray", "aria-label": gettext("Files to send"), hidden: true });
  #limits;
  #handlers;
  #entries = [];

  /**
   * `handlers`: changed(), showError(error), announce(text), discard(uploads), which no message is going to have, and
   * describe({name, text}), which resolves with a text or null.
   */
  constructor(limits, handlers) {
    this.#limits = limits;
    this.#handlers = handlers;
  }

  get isEmpty() {
    return this.#entries.length === 0;
  }

  /** Add the files that are within the limits; say which are not, and why. */
  add(files) {
    const { count, bytes } = this.#limits;
    const room = count - this.#entries.length;
    const fitting = files.filter((file) => file.size > 0 && file.size <= bytes);
    const refused = files.find((file) => !fitting.includes(file));
    for (const file of fitting.slice(0, room)) this.#append({ file, name: file.name, size: file.size });
    if (fitting.length > room) this.#refuseMore();
    else if (refused?.size === 0) this.#showError(gettext("%(name)s is empty."), { name: refused.name });
    else if (refused) this.#showError(gettext("%(name)s is too large. The limit is %(limit)s."), { name: refused.name, limit: sizeText(bytes) });
    this.#changed();
  }

  /** Add uploads that the server has already, such as the files of a canned answer. */
  addUploaded(attachments) {
    const room = this.#limits.count - this.#entries.length;
    for (const uploaded of attachments.slice(0, room)) this.#append({ uploaded, name: uploaded.name, size: uploaded.size });
    if (attachments.length > room) {
      this.#handlers.discard(attachments.slice(room));
      this.#refuseMore();
    }
    this.#changed();
  }

  /** The files in the form that the client sends. */
  get files() {
    return this.#entries.map(({ file, uploaded, width, height, alt }) => (uploaded ? { uploaded } : { file, width, height, ...(alt && { alt }) }));
  }

  /** Remove the files, and delete the uploads among them. */
  discard() {
    this.#handlers.discard(this.#entries.map(({ uploaded }) => uploaded).filter(Boolean));
    this.clear();
  }

  /** The files are in the outbox now. */
  clear() {
    for (const { url } of this.#entries) if (url) URL.revokeObjectURL(url);
    this.#entries = [];
    this.element.replaceChildren();
    this.#changed();
  }

  /** `given`: `{file, name, size}`, or `{uploaded, name, size}`. */
  #append(given) {
    const entry = { ...given, alt: "", url: null, width: undefined, height: undefined };
    const { file, uploaded, name } = entry;
    const remove = () => this.#remove(entry);
    const label = interpolate(gettext("Remove %(name)s"), { name });
    const item = el("li", { class: "tray-item", title: name }, iconButton("close", label, { class: "tray-remove", on: { click: remove } }));
    const isPicture = file?.type.startsWith("image/");
    if (isPicture) entry.url = URL.createObjectURL(file);
    const source = entry.url ?? uploaded?.thumbnailUrl;
    item.prepend(source ? picture(entry, source) : fileLabel(entry));
    if (isPicture) item.append(this.#describeButton(entry));
    this.#entries.push(Object.assign(entry, { item }));
    this.element.append(item);
  }

  /** Opens a dialog for what the picture shows. The button says whether there are words already. */
  #describeButton(entry) {
    const { name } = entry;
    const words = () => interpolate(entry.alt ? gettext("Change the description of %(name)s") : gettext("Describe %(name)s"), { name });
    const click = async () => {
      const text = await this.#handlers.describe({ name, text: entry.alt });
      if (text === null) return;
      entry.alt = text;
      button.classList.toggle("is-set", text !== "");
      for (const attribute of ["aria-label", "title"]) button.setAttribute(attribute, words());
    };
    const button = iconButton("edit", words(), { class: "tray-describe", on: { click } });
    return button;
  }

  #remove(entry) {
    const place = this.#entries.indexOf(entry);
    this.#entries.splice(place, 1);
    if (entry.url) URL.revokeObjectURL(entry.url);
    entry.item.remove();
    if (entry.uploaded) this.#handlers.discard([entry.uploaded]);
    this.#changed();
    const next = this.#entries[Math.min(place, this.#entries.length - 1)];
    next?.item.querySelector(".tray-remove").focus();
    this.#handlers.announce(interpolate(gettext("%(name)s removed"), { name: entry.name }));
  }

  #refuseMore() {
    this.#showError(gettext("A message can have at most %(count)s files."), { count: this.#limits.count });
  }

  #showError(text, values) {
    this.#handlers.showError({ message: interpolate(text, values) });
  }

  #changed() {
    this.element.hidden = this.isEmpty;
    this.#handlers.changed();
  }
}

/** The size is sent with the file, so that the conversation can reserve its place. */
function picture(entry, source) {
  const image = el("img", { class: "tray-picture", alt: entry.name });
  image.onload = () => Object.assign(entry, { width: image.naturalWidth, height: image.naturalHeight });
  image.onerror = () => image.replaceWith(fileLabel(entry)); // a type that this browser cannot show, such as HEIC
  image.src = source;
  return image;
}

function fileLabel({ name, size }) {
  const words = el("span", { class: "tray-words" }, el("span", { class: "tray-name", dir: "auto" }, name), sizeText(size));
  return el("span", { class: "tray-file" }, icon("file"), words);
}
