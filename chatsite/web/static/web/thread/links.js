import { el } from "./dom.js";

// Characters that end a link: spaces, quotes, angle brackets, and the invisible marks that change the direction of text.
const LINK = /\bhttps?:\/\/[^\s<>"\u00a0\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/giu;
const CLOSERS = { ")": "(", "]": "[", "}": "{" };

/** The address if it is http or https, or null. Nothing else becomes a link. */
export function webAddress(text) {
  let url;
  try {
    url = new URL(text.trim());
  } catch {
    return null; // not an address
  }
  return (url.protocol === "https:" || url.protocol === "http:") && url.hostname ? url : null;
}

/** A link to another site. If its text does not begin with the real host, the host is shown after it. */
export function safeLink(url, text, attributes = {}) {
  const link = el(
    "a",
    {
      href: url.href,
      target: "_blank",
      rel: "noopener noreferrer nofollow ugc",
      title: url.host,
      dir: "auto",
      class: "link",
      ...attributes,
    },
    text,
  );
  return isPlain(url, text) ? [link] : [link, " ", el("bdi", { class: "link-host" }, `(${url.host})`)];
}

function isPlain(url, text) {
  return text.toLowerCase().replace(/^https?:\/\//, "").startsWith(url.host.toLowerCase());
}

/** A message's text as nodes, with web addresses as links. */
export function linked(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trimmed(match[0]);
    const url = webAddress(address);
    if (!url) continue;
    nodes.push(text.slice(end, match.index), ...safeLink(url, address));
    end = match.index + address.length;
  }
  return [...nodes, text.slice(end)].filter((node) => node !== "");
}

/** Remove trailing punctuation of the sentence; keep a closing bracket that was opened inside. */
function trimmed(address) {
  for (;;) {
    const last = address.at(-1);
    const opener = CLOSERS[last];
    const unbalanced = opener && address.split(opener).length <= address.split(last).length - 1;
    if (!unbalanced && !/[.,;:!?'’”»…*_~]$/u.test(address)) return address;
    address = address.slice(0, -1);
  }
}

const EMOJI = new RegExp(
  [
    "^(?:\\p{Regional_Indicator}{2}|\\p{Emoji_Presentation}|\\p{Extended_Pictographic}|\\p{Emoji_Modifier}|",
    "[\\u200d\\ufe0f\\u20e3\\u{e0020}-\\u{e007f}])+$",
  ].join(""),
  "u",
);

/** Whether the text consists of one to three emoji, which are shown large. */
export function isEmojiOnly(text) {
  const bare = text.trim();
  if (!bare || bare.length > 48 || !EMOJI.test(bare)) return false;
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return [...segmenter.segment(bare)].length <= 3;
}
