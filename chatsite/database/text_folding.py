"""Compare texts as people do: any case, any Unicode form, with or without accents, digits of any script.

`Q(name__folds_to_contain=word)` finds a word in a column. Both sides go through the same function of the database, so
they always agree. Usernames are compared as the login compares them, which is `chatsite.identity.users`.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any, Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import CharField, Lookup, Q, TextField

# Marks that a reader may leave out: accents, Hebrew points, Arabic vowels, the Arabic tatweel. Those of other scripts
# make another letter.
OPTIONAL_MARKS: Final = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]")
# Letters with a stroke or a ligature, which Unicode does not decompose, and the apostrophes that phones write.
PLAIN_LETTERS: Final = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th"}
    | dict.fromkeys("‘’", "'")
)
_ASCII_DIGITS: Final = frozenset("0123456789")
_DIGIT: Final = re.compile(r"[^\D0-9]")  # a decimal digit outside of ASCII


def fold(text: str) -> str:
    """Return the text without differences of case, accents and Unicode form."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = unicodedata.normalize("NFC", OPTIONAL_MARKS.sub("", decomposed)).translate(PLAIN_LETTERS)
    return with_ascii_digits(letters)


def with_ascii_digits(text: str) -> str:
    """Replace the decimal digits of all scripts by those of ASCII."""
    return _DIGIT.sub(lambda found: str(unicodedata.decimal(found.group())), text)


def matches_any(word: str, *columns: str) -> Q:
    """Return the condition that one of the columns contains the word in any spelling."""
    return Q(*((f"{column}__folds_to_contain", word) for column in columns), _connector=Q.OR)


def contains_words(column: str, words: str) -> Q:
    """Return the condition for a scan of many long texts: any case and any Unicode form.

    On PostgreSQL accents matter, because full folding takes thirty times as long as reading.
    """
    if connection.vendor != "postgresql":
        return matches_any(words, column)
    forms = {unicodedata.normalize(form, words) for form in ("NFC", "NFD")}
    return Q(*((f"{column}__icontains", form) for form in forms), _connector=Q.OR)


class FoldsToContain(Lookup[Any]):
    """Whether the folded column contains the folded text."""

    lookup_name = "folds_to_contain"
    prepare_rhs = False

    def as_sql(self, compiler: Any, database: Any) -> tuple[str, tuple[Any, ...]]:
        """SQLite runs `fold` itself."""
        left, parameters = self.process_lhs(compiler, database)
        return f"instr(chat_fold({left}), %s) > 0", (*parameters, fold(str(self.rhs)))

    def as_postgresql(self, compiler: Any, database: Any) -> tuple[str, tuple[Any, ...]]:
        left, parameters = self.process_lhs(compiler, database)
        sought = str(self.rhs)
        digits = "".join(sorted(_ASCII_DIGITS & set(fold(sought))))
        found = f"strpos({_postgresql_fold(digits, 't.held')}, {_postgresql_fold(digits, 't.sought')}) > 0"
        sql = f"(SELECT {found} FROM (SELECT {left}::text, %s::text) t(held, sought))"
        return sql, (*parameters, sought)


@functools.lru_cache(maxsize=100)
def _postgresql_fold(digits: str, text: str) -> str:
    """Return `fold` of an SQL expression in SQL. Of digits it folds these alone, because each has many forms."""
    lowered = f"lower(normalize({_postgresql_digits(digits, text)}, NFKD){_postgresql_collation()})"
    folded = f"replace(replace({lowered}, 'ß', 'ss'), 'ς', 'σ')"  # their lower case is not their folded case
    plain = f"normalize(regexp_replace({folded}, '{OPTIONAL_MARKS.pattern}', '', 'g'), NFC)"
    for letter, letters in PLAIN_LETTERS.items():
        quoted = letters.replace("'", "''")
        plain = f"replace({plain}, '{chr(letter)}', '{quoted}')"
    # Most names are ASCII, for which full folding would take ten times as long.
    return f"CASE WHEN octet_length({text}) = length({text}) THEN lower({text}) ELSE {plain} END"


def _postgresql_digits(digits: str, text: str) -> str:
    """Return `with_ascii_digits` in SQL. `translate` is slow with many characters, and few texts have such digits."""
    forms = [(form, digit) for form, digit in _forms_of_digits() if digit in digits]
    if not forms:
        return text
    found, plain = ("".join(column) for column in zip(*forms, strict=True))
    return f"CASE WHEN {text} ~ '[{found}]' THEN translate({text}, '{found}', '{plain}') ELSE {text} END"


@functools.cache
def _forms_of_digits() -> list[tuple[str, str]]:
    """Return the decimal digits of all scripts, and those of ASCII that they stand for."""
    return [(form, with_ascii_digits(form)) for form in filter(_DIGIT.match, map(chr, range(0x20000)))]


@functools.cache
def _postgresql_collation() -> str:
    """ICU's locale knows the case of all letters. The locale of the database may not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'")
        return ' COLLATE "und-x-icu"' if cursor.fetchone() else ""


def _add_fold(sender: Any, connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("chat_fold", 1, _fold_or_none, deterministic=True)


def _fold_or_none(text: str | None) -> str | None:
    return None if text is None else fold(text)


connection_created.connect(_add_fold)
CharField.register_lookup(FoldsToContain)
TextField.register_lookup(FoldsToContain)
