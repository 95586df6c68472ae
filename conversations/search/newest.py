"""The newest matches of one business on PostgreSQL.

PostgreSQL chooses between the index of words and the newest messages by estimates, which are poor for beginnings of
words and for several words. So this module chooses by what it sees. It first compares the newest messages of the
business. A frequent word fills the page there. For a rare word it asks the index of words, and leaves frequent words of
the query to the comparison: the index would read the messages of all businesses that hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet

from conversations.search.models import IndexedMessage
from conversations.search.query_terms import Term

WINDOW: Final = 2_000  # of the newest messages of a business that are compared first
WIDEST: Final = 10_000  # of them that are compared at most
FEW: Final = 16  # matches in a window, below which the index of words reads less than a wider window
FREQUENT: Final = 0.02  # the part of a window's messages above which a word is left to the comparison

NEWEST_FIRST: Final = ("-created_at", "-message_id")

Place = tuple[datetime, UUID]
Rows = QuerySet[IndexedMessage]


def newest_matches(
    rows: Rows, terms: Sequence[Term], count: int, *, narrow: Callable[[Rows], Rows]
) -> list[Place]:
    """Return the newest `count` matches. `rows` are a business's, in a range of time; `narrow` applies the filters."""
    window = WINDOW
    while True:
        recent = _newest(rows, window)
        compared = rows if recent is None else recent
        found = _places(narrow(compared).filter(tokens__contain_terms=terms), count)
        if recent is None or len(found) >= count:
            return found
        if len(found) < FEW or window >= WIDEST:
            break
        # As many as are likely to hold the page, and half as many again.
        window = min(WIDEST, window * count * 3 // (2 * len(found)))
    if len(found) < FEW <= len(_places(recent.filter(tokens__contain_terms=terms), FEW)):
        # The filter leaves few, and the words do not: the index would read all messages of the site that hold them.
        return _places(narrow(rows).filter(tokens__contain_terms=terms), count)
    rare = _rare_words(recent, terms, window)
    return _places_by_index(
        narrow(rows).filter(tokens__matches_terms=rare, tokens__contain_terms=terms), count
    )


def _newest(rows: Rows, window: int) -> Rows | None:
    """Return the newest rows, or None if there are no others. Messages of one moment stay together."""
    edge = rows.order_by(*NEWEST_FIRST).values_list("created_at", flat=True)[window : window + 1]
    for created_at in edge:
        return rows.filter(created_at__gte=created_at)
    return None


def _places(rows: Rows, count: int) -> list[Place]:
    return list(rows.order_by(*NEWEST_FIRST).values_list("created_at", "message_id")[:count])


def _rare_words(recent: Rows, terms: Sequence[Term], window: int) -> list[Term]:
    """Return the words of the terms that few of the messages hold; the rarest, if all are frequent."""
    words = list(dict.fromkeys(word for term in terms for word in _words(term)))
    if len(words) == 1:
        return words
    counts = recent.aggregate(
        **{
            str(number): Count("pk", filter=Q(tokens__contain_terms=[word]))
            for number, word in enumerate(words)
        }
    )
    ordered = sorted((counts[str(number)], number) for number in range(len(words)))
    most = max(ordered[0][0], FREQUENT * window)
    return [words[number] for held, number in ordered if held <= most]


def _words(term: Term) -> list[Term]:
    *firsts, last = term.tokens
    return [*(Term((first,), is_prefix=False) for first in firsts), Term((last,), term.is_prefix)]


def _places_by_index(rows: Rows, count: int) -> list[Place]:
    """Sort what matches. PostgreSQL must not read the business's messages in their order instead."""
    sql, parameters = rows.order_by().values_list("created_at", "message_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH matching AS MATERIALIZED ({sql}) SELECT * FROM matching ORDER BY 1 DESC, 2 DESC LIMIT %s",
            [*parameters, count],
        )
        places: list[Place] = cursor.fetchall()
    return places
