import { durationText } from "./attachment_texts.js";
import { el, icon } from "./dom.js";
import { gettext, interpolate } from "./texts.js";

const SHOWN = 4; // tiles of a message; the last one says how many more there are
const SIDE = 320; // the largest side of a single picture, in pixels
const LEAST = 120;
const RATIOS = { least: 0.45, most: 2.4 }; // beyond these, only the middle of the picture is shown

/**
 * Pictures and videos as tiles. Each has its size before anything is loaded, and keeps it. A size that is not known when the
 * tile is first drawn does not move the messages later.
 */
export function drawPictures(grid, slots, context) {
  const node = grid ?? el("div", { class: "pictures" });
  node.dataset.count = Math.min(slots.length, SHOWN);
  const shown = slots.slice(0, SHOWN);
  shown.forEach((slot, place) => {
    const tile = node.children[place] ?? node.appendChild(newTile());
    drawTile(tile, slot, context, slots.length === 1);
    const more = place === SHOWN - 1 ? slots.length - SHOWN : 0;
    tile.querySelector(".picture-more").textContent = more ? `+${more}` : "";
  });
  while (node.children.length > shown.length) node.lastChild.remove();
  return node;
}

function newTile() {
  const image = el("img", { class: "picture-image", alt: "", decoding: "async", draggable: "false" });
  const blur = el("img", { class: "picture-blur", alt: "", "aria-hidden": "true", hidden: true });
  const mark = el("span", { class: "picture-mark", "aria-hidden": "true" });
  const more = el("span", { class: "picture-more", "aria-hidden": "true" });
  return el("button", { type: "button", class: "picture", tabindex: "-1" }, blur, image, mark, more);
}

function drawTile(tile, slot, context, alone) {
  const { attachment } = slot;
  reserve(tile, slot, alone);
  const blur = tile.querySelector(".picture-blur");
  if (attachment.placeholder && blur.getAttribute("src") !== attachment.placeholder) blur.src = attachment.placeholder;
  blur.hidden = !attachment.placeholder;
  tile.classList.toggle("is-video", attachment.kind === "video");
  tile.classList.toggle("is-waiting", !sourceOf(slot, context));
  tile.setAttribute("aria-label", labelOf(attachment));
  tile.title = attachment.alt || attachment.name;
  tile.onclick = () => context.openPicture(slot);
  const mark = attachment.kind === "video" ? [icon("play"), attachment.durationMs !== null && durationText(attachment.durationMs)] : [];
  tile.querySelector(".picture-mark").replaceChildren(...mark.filter(Boolean));
  load(tile, slot, context);
}

/** Set the size of the tile, before the browser has loaded the picture. */
function reserve(tile, { attachment, preview }, alone) {
  const shape = alone ? "alone" : "tile";
  if (tile.dataset.shape === shape) return;
  tile.dataset.shape = shape;
  const width = attachment.width ?? preview?.width ?? 4;
  const height = attachment.height ?? preview?.height ?? 3;
  const ratio = Math.min(RATIOS.most, Math.max(RATIOS.least, width / height));
  const isKnown = (attachment.width ?? preview?.width ?? null) !== null;
  const natural = isKnown ? Math.max(width, LEAST) : SIDE;
  const inline = Math.max(LEAST, Math.min(SIDE, natural, SIDE * ratio));
  tile.style.inlineSize = alone ? `${Math.round(inline)}px` : "";
  tile.style.aspectRatio = alone ? String(ratio) : "";
}

/** The picture of the tile: the user's own file, or the server's thumbnail. */
function sourceOf({ attachment, preview }, context) {
  if (preview && !preview.isBroken) return preview.url;
  if (attachment.kind === "video") return context.addresses.of(attachment.thumbnailUrl);
  return context.addresses.of(attachment.thumbnailUrl ?? attachment.url);
}

function load(tile, slot, context) {
  const image = tile.querySelector(".picture-image");
  const source = sourceOf(slot, context);
  // An address that differs only in its signature shows the same picture.
  const key = source?.startsWith("blob:") ? source : source?.split("?")[0];
  if (!source || tile.dataset.source === key) return;
  tile.dataset.source = key;
  let renewed = false;
  image.onload = () => tile.classList.add("is-loaded");
  image.onerror = async () => {
    if (source.startsWith("blob:")) return passOver(tile, slot, context);
    const fresh = renewed ? null : await context.addresses.renew(slot.message.id, slot.attachment.id);
    renewed = true;
    const again = fresh && sourceOf({ attachment: fresh, preview: null }, context);
    if (again) image.src = again;
    else tile.classList.add("is-broken");
    return undefined;
  };
  image.src = source;
}

/** This browser cannot show the user's own file, such as HEIC or a video, so show the server's thumbnail. */
function passOver(tile, slot, context) {
  slot.preview.isBroken = true;
  tile.classList.toggle("is-waiting", !sourceOf(slot, context));
  load(tile, slot, context);
}

function labelOf({ kind, name, alt }) {
  return interpolate(kind === "video" ? gettext("Video: %(name)s") : gettext("Photo: %(name)s"), { name: alt || name });
}
