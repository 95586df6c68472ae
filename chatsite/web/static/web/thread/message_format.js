/**
 * Parses a message's text into a tree: code, lists, bold and italic text, web addresses, e-mail addresses, phone numbers.
 * `message_format.py` does the same for the page that the server renders. An item is a text, or an array of its kind and
 * content. This module does not touch the DOM.
 */

const FENCE = "```";
const BULLET = /^[-*•] +(?=\S)/u;
const NUMBER = /^([0-9]{1,9})[.)] +(?=\S)/u;
// Characters that end a link: spaces, quotes, angle brackets, and the invisible marks that change the direction of text.
const ENDS = String.raw`\s<>"\u00a0\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff`;
const WORD = String.raw`\p{L}\p{N}_`;
const INLINE = new RegExp(
  [
    "(?<code>`[^`\\n]+`)",
    String.raw`(?<link>(?<![${WORD}])[hH][tT][tT][pP][sS]?:\/\/[^${ENDS}]+)`,
    String.raw`(?<mail>(?<![${WORD}.%+@\/\-])[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@(?:[A-Za-z0-9\-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![${WORD}@]))`,
    String.raw`(?<phone>(?<![${WORD}+.,\/\-])(?:\+|0)[0-9](?:[ \(\).\/\-]{0,2}[0-9]){5,14}(?![${WORD}\/\-]|[.,][0-9]))`,
    String.raw`(?<![${WORD}*])\*(?<strong>[^\s*](?:[^*\n]*[^\s*])?)\*(?![${WORD}*])`,
    String.raw`(?<![${WORD}])_(?<em>[^\s_](?:[^_\n]*[^\s_])?)_(?![${WORD}])`,
  ].join("|"),
  "gu",
);
const DATE = /^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}$/;
const CLOSERS = { ")": "(", "]": "[", "}": "{" };
const DEEPEST = 4; // levels of nested formatting

/** Parse blocks: code, lists, and lines of text between them with their formatting. */
export function parseMessage(text) {
  const found = [];
  let plain = [];
  const endPlain = () => {
    if (plain.length) found.push(...inline(plain.join("\n")));
    plain = [];
  };
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; ) {
    const { block, size } = blockAt(lines, at);
    if (block) {
      endPlain();
      found.push(block);
    } else plain.push(lines[at]);
    at += size;
  }
  endPlain();
  return found;
}

function blockAt(lines, at) {
  if (lines[at].trim() === FENCE) {
    const end = lines.findIndex((line, index) => index > at && line.trim() === FENCE);
    if (end < 0) return { block: null, size: 1 };
    return { block: ["pre", lines.slice(at + 1, end).join("\n")], size: end - at + 1 };
  }
  for (const [kind, pattern] of [["ul", BULLET], ["ol", NUMBER]]) {
    const items = itemsAt(lines, at, pattern);
    const start = kind === "ol" && items.length ? [Number(NUMBER.exec(lines[at])[1])] : [];
    if (items.length) return { block: [kind, ...start, ...items], size: items.length };
  }
  return { block: null, size: 1 };
}

function itemsAt(lines, at, pattern) {
  const items = [];
  for (let next = at; next < lines.length && pattern.test(lines[next]); next += 1) {
    items.push(inline(lines[next].replace(pattern, "")));
  }
  return items;
}

/** Parse the formatting within a line. */
export function inline(text, depth = 0) {
  const found = [];
  const pattern = new RegExp(INLINE);
  let done = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const { item, length } = itemOf(match, depth);
    if (!item) continue;
    if (match.index > done) found.push(text.slice(done, match.index));
    found.push(item);
    done = pattern.lastIndex = match.index + length;
  }
  if (done < text.length) found.push(text.slice(done));
  return found;
}

function itemOf({ groups, 0: { length } }, depth) {
  const { code, link, mail, phone, strong, em } = groups;
  if (code) return { item: ["code", code.slice(1, -1)], length };
  if (mail) return { item: ["mail", mail], length };
  if (phone) return { item: isPhone(phone) ? ["phone", phone] : null, length };
  if (link) {
    const address = trimmed(link);
    return { item: URL.canParse(address) ? ["link", address] : null, length: address.length };
  }
  const kind = strong ? "strong" : "em";
  const inside = strong ?? em;
  return { item: [kind, ...(depth < DEEPEST ? inline(inside, depth + 1) : [inside])], length };
}

/** Matches a number with a country code, or with an area code and a separator, but no date or order number. */
function isPhone(text) {
  return text.startsWith("+") || (!/^[0-9]+$/.test(text) && !DATE.test(text));
}

/** Remove trailing punctuation of the sentence; keep a closing bracket that was opened inside. */
function trimmed(address) {
  for (;;) {
    const last = address.at(-1);
    const opener = CLOSERS[last];
    const unbalanced = opener && address.split(opener).length < address.split(last).length;
    if (!unbalanced && !/[.,;:!?'’”»…*_~]$/u.test(address)) return address;
    address = address.slice(0, -1);
  }
}
