"""A text as search tokens. Messages and queries pass through here, so every database gives the same answers.

Tokens hold letters and digits only. The text is compared without regard to case, Unicode form, accents and the script
of its digits. Scripts that write words without spaces (Chinese, Japanese, Thai …) become overlapping pairs of
characters, so that any part of them is found. The last character of such a run is a token by itself, so that every
character begins a token.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from chatsite.database.text_folding import OPTIONAL_MARKS, PLAIN_LETTERS, with_ascii_digits

MOST_CHARACTERS: Final = 64  # of a token; a longer word is cut into several

_ASCII_WORD: Final = re.compile(rf"[a-z0-9]{{1,{MOST_CHARACTERS}}}")
# What lies between two ASCII characters that belong to no token.
_CHUNK: Final = re.compile(r"[A-Za-z0-9\x80-\U0010ffff]+")
# A character with what belongs to it: the marks that follow it, or the jamo of a decomposed Hangul syllable.
_CLUSTER: Final = re.compile(
    r"[\u1100-\u11ff]+|.[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u3099\u309a]*", re.DOTALL
)
# Blocks of scripts that write words without spaces, and of Korean, whose words carry suffixes.
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)


class Token(NamedTuple):
    """A token, and its position `text[start:end]`."""

    text: str
    start: int
    end: int
    ends_run: bool = False  # the last character of an unspaced run, as a token by itself


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a text in order."""
    return [
        token for chunk in _CHUNK.finditer(text) for token in _tokens_of_chunk(chunk.group(), chunk.start())
    ]


def searchable(text: str) -> str:
    """Return the tokens with a space before, between and after them. A text without tokens becomes a single space."""
    if text.isascii():  # most texts; they need no positions, and are ready in a tenth of the time
        words = _ASCII_WORD.findall(text.lower())
    else:
        words = [token.text for token in tokenize(text)]
    return " ".join(["", *words, ""])


def _tokens_of_chunk(chunk: str, start: int) -> Iterator[Token]:
    if chunk.isascii():
        for word in _ASCII_WORD.finditer(chunk.lower()):
            yield Token(word.group(), start + word.start(), start + word.end())
    else:
        yield from _tokens_of(_folded(chunk, start))


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Fold a text, so that case, Unicode form, accents and the script of digits do not matter."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).casefold()
    bare = OPTIONAL_MARKS.sub("", unicodedata.normalize("NFD", plain))
    return with_ascii_digits(unicodedata.normalize("NFC", bare).translate(PLAIN_LETTERS))


class _Character(NamedTuple):
    """A folded character, and the position of the characters that it came from."""

    text: str
    start: int
    end: int
    kind: str  # "word", "unspaced", "symbol", or "" between tokens


def _folded(chunk: str, start: int) -> Iterator[_Character]:
    for cluster in _CLUSTER.finditer(chunk):
        for character in fold(cluster.group()):
            yield _Character(character, start + cluster.start(), start + cluster.end(), _kind(character))


def _kind(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "LNM":
        return "unspaced" if _UNSPACED.match(character) else "word"
    return "symbol" if category == "So" else ""


def _tokens_of(characters: Iterator[_Character]) -> Iterator[Token]:
    run: list[_Character] = []
    for character in characters:
        if run and (character.kind != run[0].kind or character.kind in {"symbol", ""}):
            yield from _tokens_of_run(run)
            run = []
        if character.kind:
            run.append(character)
    if run:
        yield from _tokens_of_run(run)


def _tokens_of_run(run: list[_Character]) -> Iterator[Token]:
    if run[0].kind == "symbol":
        yield Token(f"x{ord(run[0].text):x}", run[0].start, run[0].end)
    elif run[0].kind == "unspaced":
        for one, following in pairwise(run):
            yield Token(one.text + following.text, one.start, following.end)
        yield Token(run[-1].text, run[-1].start, run[-1].end, ends_run=True)
    else:
        for at in range(0, len(run), MOST_CHARACTERS):
            part = run[at : at + MOST_CHARACTERS]
            yield Token("".join(character.text for character in part), part[0].start, part[-1].end)
