"""What a message says, as a tree: code, lists, bold and italic words, web addresses, e-mail addresses, phone numbers.

`static/web/thread/message_format.js` does the same for the live view. `tests/web/format_cases.json` holds both to it.
An item is a text, or a list of its kind and what is in it. Nothing that people wrote is ever taken for HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

Item = Any  # a text, or [kind, …]

FENCE: Final = "```"
_BULLET: Final = re.compile(r"[-*•] +(?=\S)")
_NUMBER: Final = re.compile(r"([0-9]{1,9})[.)] +(?=\S)")
_ENDS: Final = '\\s<>"\u00a0\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff'
_INLINE: Final = re.compile(
    r"(?P<code>`[^`\n]+`)"
    rf"|(?P<link>(?<!\w)[hH][tT][tT][pP][sS]?://[^{_ENDS}]+)"
    r"|(?P<mail>(?<![\w.%+@/-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@]))"
    r"|(?P<phone>(?<![\w+.,/-])(?:\+|0)[0-9](?:[ ()./-]{0,2}[0-9]){5,14}(?![\w/-]|[.,][0-9]))"
    r"|(?<![\w*])\*(?P<strong>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<!\w)_(?P<em>[^\s_](?:[^_\n]*[^\s_])?)_(?!\w)"
)
_DATE: Final = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}")
_CLOSERS: Final = {")": "(", "]": "[", "}": "{"}
_PUNCTUATION: Final = ".,;:!?'’”»…*_~"
DEEPEST: Final = 4  # levels of words inside words


def parse_message(text: str) -> list[Item]:
    """Blocks of code and lists, and between them lines of text with what stands out in them."""
    found: list[Item] = []
    plain: list[str] = []

    def end_plain() -> None:
        if plain:
            found.extend(inline("\n".join(plain)))
            plain.clear()

    lines, at = text.split("\n"), 0
    while at < len(lines):
        block, size = _block_at(lines, at)
        if block is None:
            plain.append(lines[at])
        else:
            end_plain()
            found.append(block)
        at += size
    end_plain()
    return found


def _block_at(lines: list[str], at: int) -> tuple[Item | None, int]:
    """Return the block that begins with this line, or None; and how many lines it takes."""
    if lines[at].strip() == FENCE:
        for end in range(at + 1, len(lines)):
            if lines[end].strip() == FENCE:
                return ["pre", "\n".join(lines[at + 1 : end])], end - at + 1
        return None, 1
    for kind, pattern in (("ul", _BULLET), ("ol", _NUMBER)):
        items = list(_items(lines, at, pattern))
        if items:
            number = _NUMBER.match(lines[at])
            start = [int(number[1])] if kind == "ol" and number else []
            return [kind, *start, *items], len(items)
    return None, 1


def _items(lines: list[str], at: int, pattern: re.Pattern[str]) -> Iterator[list[Item]]:
    for line in lines[at:]:
        match = pattern.match(line)
        if match is None:
            return
        yield inline(line[match.end() :])


def inline(text: str, depth: int = 0) -> list[Item]:
    """Return the text with what stands out in it."""
    found: list[Item] = []
    done = at = 0
    while match := _INLINE.search(text, at):
        item, end = _item_of(match, depth)
        at = end
        if item is None:
            continue
        if match.start() > done:
            found.append(text[done : match.start()])
        found.append(item)
        done = end
    if done < len(text):
        found.append(text[done:])
    return found


def _item_of(match: re.Match[str], depth: int) -> tuple[Item | None, int]:
    """Return the item, or None where the match is an ordinary text; and where it ends."""
    kind, end = str(match.lastgroup), match.end()
    inside = match[kind]
    if kind == "code":
        return ["code", inside[1:-1]], end
    if kind == "link":
        address = _trimmed(inside)
        return (["link", address], match.start() + len(address)) if is_web_address(address) else (None, end)
    if kind == "mail":
        return ["mail", inside], end
    if kind == "phone":
        return (["phone", inside], end) if is_phone(inside) else (None, end)
    return ([kind, *inline(inside, depth + 1)] if depth < DEEPEST else [kind, inside]), end


def is_phone(text: str) -> bool:
    """Return whether the text is a phone number: with a country, or with an area and a separator, unlike a date."""
    return text.startswith("+") or (not text.isdigit() and not _DATE.fullmatch(text))


def is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _trimmed(address: str) -> str:
    """Without the punctuation of the sentence around it; a bracket stays where it was opened inside."""
    while address:
        last = address[-1]
        opener = _CLOSERS.get(last)
        is_unbalanced = opener is not None and address.count(opener) < address.count(last)
        if not is_unbalanced and last not in _PUNCTUATION:
            break
        address = address[:-1]
    return address
