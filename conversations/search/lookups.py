"""The terms of a query as SQL: `tokens__matches_terms` and `tokens__contain_terms`. Both have the same answers.

`matches_terms` uses the full-text index, which finds the rows that hold all tokens. Where tokens must be next to each
other, a comparison of the text decides: PostgreSQL's index keeps no positions. `contain_terms` is the comparison alone,
for rows that another index has found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup
from django.db.models.sql.compiler import SQLCompiler

from conversations.search.models import TokensField
from conversations.search.query_terms import Term

SQL = tuple[str, list[Any]]


@TokensField.register_lookup
class MatchesTerms(Lookup[list[Term]]):
    """The right side is a list of at least one `Term`."""

    lookup_name = "matches_terms"
    prepare_rhs = False
    rhs: list[Term]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> SQL:
        column, parameters = self.process_lhs(compiler, connection)
        query = " & ".join(
            f"{token}:*" if term.is_prefix and token is term.tokens[-1] else token
            for term in self.rhs
            for token in term.tokens
        )
        sql = f"({column}::tsvector @@ %s::tsquery{_neighbours(column, self.rhs)})"
        return sql, [*parameters, query, *_patterns(self.rhs, list(parameters))]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> SQL:
        column, _ = self.process_lhs(compiler, connection)
        key = column.rsplit(".", 1)[0] + '."id"'
        query = " AND ".join(f'"{" ".join(term.tokens)}"{"*" if term.is_prefix else ""}' for term in self.rhs)
        sql = (
            f"{key} IN (SELECT rowid FROM conversations_messagetokens "
            "WHERE conversations_messagetokens MATCH %s)"
        )
        return sql, [query]


@TokensField.register_lookup
class ContainTerms(Lookup[list[Term]]):
    """The right side is a list of at least one `Term`. PostgreSQL alone uses it."""

    lookup_name = "contain_terms"
    prepare_rhs = False
    rhs: list[Term]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> SQL:
        column, parameters = self.process_lhs(compiler, connection)
        sql = " AND ".join([f"{column} LIKE %s"] * len(self.rhs))
        return f"({sql})", [value for term in self.rhs for value in (*parameters, _pattern(term))]


def _neighbours(column: str, terms: Sequence[Term]) -> str:
    return "".join(f" AND {column} LIKE %s" for term in terms if len(term.tokens) > 1)


def _patterns(terms: Sequence[Term], parameters: list[Any]) -> list[Any]:
    return [value for term in terms if len(term.tokens) > 1 for value in (*parameters, _pattern(term))]


def _pattern(term: Term) -> str:
    """Tokens contain no `%` and no `_`, so they need no escaping."""
    return f"% {' '.join(term.tokens)}{'%' if term.is_prefix else ' %'}"
