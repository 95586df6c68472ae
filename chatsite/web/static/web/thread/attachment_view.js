import { drawPictures } from "./attachment_pictures.js";
import { sizeText, typeText } from "./attachment_texts.js";
import { VoicePlayer } from "./attachment_voice.js";
import { el, icon, iconButton } from "./dom.js";
import { gettext, interpolate } from "./texts.js";

const VISIBLE = new Set(["image", "video"]);

/**
 * The files of a message. It keeps its nodes when it is redrawn, so that pictures do not flicker and voices keep playing while
 * the message goes from "sending" to "sent" to "read".
 *
 * `context`: addresses, previews, openPicture(slot), discard(message).
 */
export class AttachmentView {
  element = el("div", { class: "attachments" });
  #pictures = null;
  #parts = new Map(); // position → {kind, node, player?} of files that are not pictures
  #upload = null;

  draw(message, context) {
    const slots = message.attachments.map((attachment, index) => {
      return { message, attachment, index, preview: context.previews.of(message, index) };
    });
    const isPicture = ({ attachment }) => VISIBLE.has(attachment.kind) && attachment.state !== "rejected";
    const pictures = slots.filter(isPicture);
    this.#pictures = pictures.length ? drawPictures(this.#pictures, pictures, context) : null;
    const others = slots.filter((slot) => !isPicture(slot)).map((slot) => this.#drawPart(slot, context));
    this.#drawUpload(message, context);
    const wanted = [this.#pictures, ...others, this.#upload].filter(Boolean);
    const isSame = wanted.length === this.element.children.length && wanted.every((node, n) => this.element.children[n] === node);
    if (!isSame) this.element.replaceChildren(...wanted);
    return this.element;
  }

  #drawPart(slot, context) {
    const { attachment, index } = slot;
    const kind = attachment.state === "rejected" ? "rejected" : attachment.kind;
    const known = this.#parts.get(index);
    if (kind === "voice") {
      const player = known?.player ?? new VoicePlayer();
      this.#parts.set(index, { kind, player, node: player.element });
      player.show(slot, context);
      return player.element;
    }
    const stamp = JSON.stringify([kind, attachment.name, attachment.state, attachment.reason, attachment.url === null]);
    if (known?.stamp === stamp) return known.node;
    const node = kind === "rejected" ? rejected(attachment) : file(slot, context);
    this.#parts.set(index, { kind, node, stamp });
    return node;
  }

  /** The progress of an own message. A failed message says so below its bubble. */
  #drawUpload(message, context) {
    if (message.seq !== null || message.status !== "sending") {
      this.#upload = null;
      return;
    }
    const total = message.attachments.reduce((sum, { size }) => sum + size, 0);
    const sent = message.attachments.reduce((sum, { size, progress }) => sum + size * progress, 0);
    const percent = Math.round((100 * sent) / Math.max(1, total));
    this.#upload ??= newUpload(() => context.discard(message));
    const bar = this.#upload.querySelector("progress");
    bar.value = percent;
    const words = percent === 100 ? gettext("Sending…") : interpolate(gettext("Uploading, %(percent)s %"), { percent });
    const place = this.#upload.querySelector(".upload-words");
    if (place.textContent !== words) place.textContent = words;
  }
}

function newUpload(cancel) {
  return el(
    "div",
    { class: "upload" },
    el("progress", { class: "upload-bar", max: "100", value: "0", "aria-label": gettext("Upload") }),
    el("span", { class: "upload-words" }),
    iconButton("close", gettext("Cancel the upload"), { class: "upload-cancel", tabindex: "-1", on: { click: cancel } }),
  );
}

function file({ attachment, message }, context) {
  const { name, size, url, state } = attachment;
  const note = `${typeText(name)} · ${sizeText(size)}`;
  const words = state === "processing" ? `${note} · ${gettext("being checked…")}` : note;
  const body = el(
    "span",
    { class: "file-body" },
    el("span", { class: "file-name", dir: "auto" }, name),
    el("span", { class: "file-note" }, words),
  );
  if (!url) return el("div", { class: "file" }, mark("file"), body);
  const link = el("a", { class: "file", href: context.addresses.of(url), download: name, tabindex: "-1" }, mark("file"), body, icon("download"));
  link.setAttribute("aria-label", interpolate(gettext("Download %(name)s, %(size)s"), { name, size: sizeText(size) }));
  // The address may have expired since it was drawn.
  link.addEventListener("click", (event) => follow(event, link, { attachment, message }, context));
  return link;
}

async function follow(event, link, { attachment, message }, context) {
  if (link.dataset.fresh) return;
  event.preventDefault();
  const fresh = await context.addresses.renew(message.id, attachment.id);
  if (!fresh?.url) return context.showError({ message: gettext("The file is no longer available.") });
  link.href = context.addresses.of(fresh.url);
  link.dataset.fresh = "1";
  link.click();
  delete link.dataset.fresh;
}

function rejected({ name, reason }) {
  return el(
    "div",
    { class: "file is-rejected" },
    mark("failed"),
    el(
      "span",
      { class: "file-body" },
      el("span", { class: "file-name", dir: "auto" }, name),
      el("span", { class: "file-note", dir: "auto" }, reason || gettext("This file was rejected.")),
    ),
  );
}

function mark(shape) {
  return el("span", { class: "file-mark", "aria-hidden": "true" }, icon(shape));
}

