import { el, icon } from "./dom.js";
import { linked, safeLink, webAddress } from "./links.js";
import { gettext } from "./texts.js";

const KINDS = {
  image: ["image", () => gettext("Picture")],
  file: ["file", () => gettext("File")],
  voice: ["voice", () => gettext("Voice message")],
};

/**
 * A picture, file or voice message at another address: a card with a link. The page fetches nothing from there before the user
 * follows the link, so that the sender does not learn who views it, and from where.
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
    return last; // a malformed escape: show it as it is
  }
}
