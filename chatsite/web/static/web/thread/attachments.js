import { el, icon } from "./dom.js";
import { linked, safeLink, webAddress } from "./links.js";
import { gettext } from "./texts.js";

const KINDS = {
  image: ["image", () => gettext("Picture")],
  file: ["file", () => gettext("File")],
  voice: ["voice", () => gettext("Voice message")],
};

/**
 * A picture, file or voice message: a card with a link to where it is. Nothing is fetched from there before somebody
 * follows the link, so that whoever sends one does not learn who looks at it, and from where.
 */
export function attachment(type, content, id) {
  const [shape, label] = KINDS[type] ?? KINDS.file;
  const url = webAddress(content);
  const body = url
    ? [
        el("span", { class: "card-title" }, safeLink(url, fileName(url) || label(), { class: "link card-link" })[0]),
        el("span", { class: "card-note" }, `${label()} · `, el("bdi", {}, url.host)),
      ]
    : [
        el("span", { class: "card-title" }, label()),
        el("span", { class: "card-text bubble-text", dir: "auto" }, ...linked(content)),
      ];
  return el("div", { class: "card", id }, icon(shape), el("div", { class: "card-body" }, ...body));
}

function fileName(url) {
  const last = url.pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last).replace(/[\p{Cc}\p{Cf}]/gu, "").trim();
  } catch {
    return last; // not a well-formed escape: shown as it is
  }
}
