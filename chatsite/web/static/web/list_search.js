import { otherSide } from "./people.js";

const MOST_PARTS = 5; // of a search that the server uses
const OPTIONAL_MARKS = /[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]/gu;
const PLAIN_LETTERS = {
  "‘": "'",
  "’": "'",
  æ: "ae",
  đ: "d",
  ð: "d",
  ħ: "h",
  ı: "i",
  ł: "l",
  ø: "o",
  œ: "oe",
  þ: "th",
  ß: "ss",
  ς: "σ",
};

/** The server's rule for a search of the list: every word and every part in quotes is in a name or in the preview. */
export function isFound(conversation, query, me) {
  const { name, username } = otherSide(conversation, me);
  const text = fold([name, username, conversation.lastMessage].join("\n"));
  return partsOf(query).every((part) => text.includes(fold(part)));
}

function partsOf(query) {
  const found = [...query.matchAll(/["“”„«»]([^"“”„«»]*)["“”„«»]|(\S+)/gu)];
  const parts = found.map(([, quoted, word]) => quoted?.trim().replace(/\s+/gu, " ") || word?.replace(/["“”„«»]/gu, ""));
  return parts.filter(Boolean).slice(0, MOST_PARTS);
}

/** Like `fold` of `text_folding.py`. */
function fold(text) {
  const bare = text.normalize("NFKD").toLowerCase().normalize("NFKD").replace(OPTIONAL_MARKS, "").normalize("NFC");
  return bare.replace(/[^\0-\x7f]/gu, (letter) => PLAIN_LETTERS[letter] ?? letter).replace(/\p{Nd}/gu, asciiDigit);
}

/** The ten digits of a script follow each other. */
function asciiDigit(digit) {
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(digit.codePointAt(0) - before - 1))) before += 1;
  return String(before % 10);
}
