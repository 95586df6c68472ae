import { el, iconButton } from "./dom.js";
import { gettext, interpolate } from "./texts.js";
import { Swipe } from "./attachment_swipe.js";
import { PictureZoom } from "./attachment_zoom.js";

/**
 * Pictures and videos over the page, one at a time. Left and right move through all that are loaded, Esc closes,
 * plus, minus and 0 zoom. Swipe sideways to move through them, and down to close.
 */
export class Viewer {
  #host;
  #addresses;
  #items = [];
  #at = 0;
  #dialog = null;
  #zoom = null;

  /** `host` is the element that the dialog belongs to. */
  constructor(host, addresses) {
    this.#host = host;
    this.#addresses = addresses;
  }

  /** `slots`: `{message, attachment, preview, name}` of all pictures and videos, in order. */
  open(slots, at) {
    this.#items = slots;
    const before = document.activeElement;
    this.#dialog = this.#build();
    this.#host.append(this.#dialog);
    this.#dialog.addEventListener("close", () => {
      this.#dialog.remove();
      this.#dialog = null;
      if (before?.isConnected) before.focus({ preventScroll: true });
    });
    this.#dialog.showModal();
    this.#show(at);
  }

  close() {
    this.#dialog?.close();
  }

  /** Remove the pictures of a deleted message, also the one that is shown. */
  drop(messageId) {
    if (!this.#dialog || !this.#items.some(({ message }) => message.id === messageId)) return;
    const isShown = this.#items[this.#at].message.id === messageId;
    const shown = this.#items[this.#at];
    this.#items = this.#items.filter(({ message }) => message.id !== messageId);
    if (!this.#items.length) this.close();
    else if (isShown) this.#show(Math.min(this.#at, this.#items.length - 1));
    else this.#show(this.#items.indexOf(shown));
  }

  #build() {
    const button = (shape, label, click, more = {}) => iconButton(shape, label, { ...more, on: { click } });
    const head = el(
      "div",
      { class: "viewer-head" },
      el("p", { class: "viewer-name", "aria-live": "polite" }),
      button("zoom-out", gettext("Zoom out"), () => this.#zoom?.step(-1), { class: "viewer-zoom" }),
      button("zoom-in", gettext("Zoom in"), () => this.#zoom?.step(1), { class: "viewer-zoom" }),
      el("a", { class: "icon-button viewer-download" }),
      button("close", gettext("Close"), () => this.close(), { class: "viewer-close" }),
    );
    const stage = el("div", { class: "viewer-stage" });
    new Swipe(stage, {
      isFree: () => !this.#zoom?.isZoomed,
      across: (direction) => this.#go(-direction * this.#forward),
      down: () => this.close(),
    });
    const on = { keydown: (event) => this.#onKey(event) };
    return el(
      "dialog",
      { class: "viewer", "aria-label": gettext("Photos and videos"), on },
      head,
      stage,
      el("p", { class: "viewer-alt", dir: "auto", hidden: true }),
      button("back", gettext("Previous"), () => this.#go(-1), { class: "viewer-previous" }),
      button("back", gettext("Next"), () => this.#go(1), { class: "viewer-next" }),
    );
  }

  #show(at) {
    this.#at = at;
    const { attachment, name } = this.#items[at];
    const find = (selector) => this.#dialog.querySelector(selector);
    const of = this.#items.length > 1 ? interpolate(gettext("%(at)s of %(count)s"), { at: at + 1, count: this.#items.length }) : "";
    find(".viewer-name").replaceChildren(el("bdi", {}, name), " · ", el("bdi", {}, attachment.name), of && ` · ${of}`);
    find(".viewer-previous").disabled = at === 0;
    find(".viewer-next").disabled = at === this.#items.length - 1;
    const isPicture = attachment.kind === "image";
    for (const node of this.#dialog.querySelectorAll(".viewer-zoom")) node.hidden = !isPicture;
    this.#showDownload(find(".viewer-download"), attachment);
    const words = find(".viewer-alt");
    words.textContent = attachment.alt ?? "";
    words.hidden = !attachment.alt;
    const stage = find(".viewer-stage");
    stage.replaceChildren(isPicture ? this.#picture(stage) : this.#video());
  }

  #showDownload(link, { url, name }) {
    link.hidden = !url;
    if (!url) return;
    link.href = this.#addresses.of(url);
    link.download = name;
    const label = interpolate(gettext("Download %(name)s"), { name });
    link.setAttribute("aria-label", label);
    link.title = label;
    link.replaceChildren(...iconButton("download", label).childNodes);
  }

  #picture(stage) {
    const { attachment } = this.#items[this.#at];
    const image = el("img", { class: "viewer-image", alt: attachment.alt || attachment.name, draggable: "false" });
    if (attachment.width) Object.assign(image, { width: attachment.width, height: attachment.height });
    this.#load(image);
    this.#zoom = new PictureZoom(stage, image);
    return image;
  }

  #video() {
    this.#zoom = null;
    const { attachment } = this.#items[this.#at];
    const poster = attachment.thumbnailUrl && this.#addresses.of(attachment.thumbnailUrl);
    const video = el("video", { class: "viewer-video", controls: true, autoplay: true, playsinline: true, poster });
    this.#load(video);
    return video;
  }

  /** The file, with a valid address; the thumbnail if the browser cannot show the file. */
  #load(element) {
    const { message, attachment, preview } = this.#items[this.#at];
    const sources = [async () => (await this.#addresses.renew(message.id, attachment.id))?.url];
    if (element.tagName === "IMG") sources.push(async () => attachment.thumbnailUrl);
    element.onerror = async () => {
      const next = await sources.shift()?.();
      if (next) element.src = this.#addresses.of(next);
      else if (sources.length) element.onerror();
      else element.replaceWith(el("p", { class: "viewer-failure", role: "alert" }, gettext("This cannot be shown here. You can download it.")));
    };
    element.src = attachment.url ? this.#addresses.of(attachment.url) : (preview?.url ?? "data:,");
  }

  #go(step) {
    const to = this.#at + step;
    if (to >= 0 && to < this.#items.length) this.#show(to);
  }

  /** 1 if the next one is on the right, -1 if it is on the left. */
  get #forward() {
    return getComputedStyle(this.#dialog).direction === "rtl" ? -1 : 1;
  }

  #onKey(event) {
    event.stopPropagation();
    const isInVideo = event.target.tagName === "VIDEO";
    const actions = {
      ArrowRight: () => this.#go(this.#forward),
      ArrowLeft: () => this.#go(-this.#forward),
      Home: () => this.#show(0),
      End: () => this.#show(this.#items.length - 1),
      "+": () => this.#zoom?.step(1),
      "=": () => this.#zoom?.step(1),
      "-": () => this.#zoom?.step(-1),
      0: () => this.#zoom?.reset(),
    };
    if (!(event.key in actions) || isInVideo) return;
    event.preventDefault();
    actions[event.key]();
  }
}
