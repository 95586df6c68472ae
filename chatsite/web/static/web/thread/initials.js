/** One or two letters; the same rule as in `avatars.py`. */
export function initialsOf(name) {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => [...word][0]).join("").toUpperCase() || "?";
}
