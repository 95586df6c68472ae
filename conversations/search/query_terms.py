"""The terms of a query, and the parts of a text that match them.

Each word must be found; a word also finds the words that begin with it. Words in quotes must be next to each other,
exactly. A word that holds several tokens, such as `A-1024`, needs them next to each other too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from conversations.search.tokens import Token, tokenize

MOST_TERMS: Final = 16  # further words are ignored

_QUOTES: Final = '"“”„«»'
_PARTS: Final = re.compile(rf"[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]|(\S+)")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Term:
    """Consecutive tokens. With `is_prefix`, the last one may be the beginning of a longer token."""

    tokens: tuple[str, ...]
    is_prefix: bool


def split_query(query: str) -> list[tuple[str, bool]]:
    """Return the words of a query and its parts in quotes, and whether each is one in quotes."""
    return [(quoted or word.strip(_QUOTES), bool(quoted)) for quoted, word in _PARTS.findall(query)]


def parse_terms(query: str) -> list[Term]:
    """Return the terms of a query. A query of punctuation has none."""
    terms: dict[Term, None] = {}
    for part, is_quoted in split_query(query):
        term = _term(part, is_quoted=is_quoted)
        if term is not None:
            terms[term] = None
    return list(terms)[:MOST_TERMS]


def _term(text: str, *, is_quoted: bool) -> Term | None:
    tokens = tokenize(text)
    if not tokens:
        return None
    is_prefix = not is_quoted
    if tokens[-1].ends_run:
        # The text may continue after the part that was typed: its last character begins a pair there.
        is_pair_before = len(tokens) > 1 and tokens[-2].end == tokens[-1].end
        if is_pair_before:
            return Term(tuple(token.text for token in tokens[:-1]), is_prefix=False)
        is_prefix = True
    return Term(tuple(token.text for token in tokens), is_prefix)


def highlights(text: str, terms: Sequence[Term]) -> list[Span]:
    """Return the matching parts of a text as `(start, end)` in characters, in order and without overlaps."""
    tokens = tokenize(text)
    spans = sorted(span for term in terms for span in _spans(tokens, term))
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def matches(text: str, terms: Sequence[Term]) -> bool:
    """Return whether every term is in the text. Tests compare the databases' results with this."""
    tokens = tokenize(text)
    return bool(terms) and all(any(True for _ in _spans(tokens, term)) for term in terms)


def _spans(tokens: Sequence[Token], term: Term) -> Iterator[Span]:
    length = len(term.tokens)
    *firsts, last = term.tokens
    for at in range(len(tokens) - length + 1):
        window = tokens[at : at + length]
        if any(token.text != first for token, first in zip(window[:-1], firsts, strict=True)):
            continue
        found = window[-1]
        if found.text == last or (term.is_prefix and found.text.startswith(last)):
            yield window[0].start, _end_of(found, last, term.is_prefix)


def _end_of(found: Token, last: str, is_prefix: bool) -> int:
    """Return the end of the highlight: after the typed prefix, if its characters are those of the text."""
    if is_prefix and found.end - found.start == len(found.text):
        return found.start + len(last)
    return found.end
