"""Compare texts as people do: any case, any Unicode form, with or without accents.

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

# The marks that NFKD sets apart from Latin, Greek and Cyrillic letters. Those of other scripts make another letter.
ACCENTS: Final = re.compile(r"[\u0300-\u036F]")


def fold(text: str) -> str:
    """Return the text without differences of case, accents and Unicode form."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", ACCENTS.sub("", decomposed))


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
        template = _postgresql_fold()
        found = f"strpos({template.format('t.held')}, {template.format('t.sought')}) > 0"
        sql = f"(SELECT {found} FROM (SELECT {left}::text, %s::text) t(held, sought))"
        return sql, (*parameters, str(self.rhs))


@functools.cache
def _postgresql_fold() -> str:
    """Return `fold` in SQL. ICU's locale knows the case of all letters. The locale of the database may not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'")
        collation = ' COLLATE "und-x-icu"' if cursor.fetchone() else ""
    lowered = f"lower(normalize({{0}}, NFKD){collation})"
    folded = f"replace(replace({lowered}, 'ß', 'ss'), 'ς', 'σ')"  # their lower case is not their folded case
    plain = f"normalize(regexp_replace({folded}, '{ACCENTS.pattern}', '', 'g'), NFC)"
    # Most names are ASCII, for which full folding would take ten times as long.
    return f"CASE WHEN octet_length({{0}}) = length({{0}}) THEN lower({{0}}) ELSE {plain} END"


def _add_fold(sender: Any, connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("chat_fold", 1, _fold_or_none, deterministic=True)


def _fold_or_none(text: str | None) -> str | None:
    return None if text is None else fold(text)


connection_created.connect(_add_fold)
CharField.register_lookup(FoldsToContain)
TextField.register_lookup(FoldsToContain)
