"""The SQL of the list is compiled once. Each reader still gets their own conversations, with every filter."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from conversations.conversation_list import SEPARATE_BUSINESSES, Filters, conversation_page
from conversations.models import Business, Conversation, Membership, OwnState
from conversations.operations import mark_read
from conversations.own_state.operations import arrange_conversation, mark_unread
from tests.conversations.people import business, conversation, person, say

pytestmark = pytest.mark.django_db


class Reader:
    """A member of two or more businesses with four conversations each, and a customer of two others."""

    def __init__(self, shops: int = 2) -> None:
        self.user = person()
        self.shops = [business(self.user) for _ in range(shops)]
        talks = [conversation(shop) for shop in self.shops for _ in range(4)]
        talks += [conversation(business(person()), self.user) for _ in range(2)]
        for number, talk in enumerate(talks):
            owner = talk.business.memberships.get().user
            say(talk, owner if talk.customer_id == self.user.pk else talk.customer, ["hello"] * (number % 2))
            if number % 3 == 0:
                self.arrange(talk, archived=True)
            if number % 4 == 0:
                self.arrange(talk, pinned=True)
        self.talks = talks

    def arrange(self, talk: Conversation, **how: Any) -> None:
        arrange_conversation(user_id=self.user.pk, conversation_id=str(talk.pk), **how)

    def expected(self, filters: Filters) -> list[Conversation]:
        rows = Conversation.objects.filter(pk__in=[talk.pk for talk in self.talks])
        own = {state.conversation_id: state for state in OwnState.objects.filter(user=self.user)}
        return [
            row for row in rows.order_by("-active_at", "-id") if self._matches(row, own.get(row.pk), filters)
        ]

    def _matches(self, row: Conversation, own: OwnState | None, filters: Filters) -> bool:
        side = "customer" if row.customer_id == self.user.pk else "business"
        is_unread = getattr(row, f"{side}_unread") > 0 or (own is not None and own.unread_from is not None)
        pairs = [
            (filters.archived, getattr(row, f"{side}_archived")),
            (filters.unread, is_unread),
            (filters.pinned, own is not None and own.pinned_at is not None),
            (filters.business_id, str(row.business_id)),
        ]
        return all(wanted is None or wanted == actual for wanted, actual in pairs)

    def pages(self, filters: Filters) -> list[Any]:
        """Read all pages of three, and all of them again backwards."""
        forth = [conversation_page(self.user.pk, limit=3, filters=filters)]
        while forth[-1].next:
            forth.append(conversation_page(self.user.pk, limit=3, cursor=forth[-1].next, filters=filters))
        back = [forth[-1]]
        while back[-1].previous:
            back.append(conversation_page(self.user.pk, limit=3, cursor=back[-1].previous, filters=filters))
        ids = [[one.id for one in page.conversations] for page in forth]
        assert [[one.id for one in page.conversations] for page in back[::-1]] == ids
        return [key for page in ids for key in page]


def filters_of(shop: Business | None) -> list[Filters]:
    asked = product((None, True, False), repeat=3)
    return [
        Filters(archived=a, unread=u, pinned=p, business_id=None if shop is None else str(shop.pk))
        for a, u, p in asked
    ]


def test_each_reader_gets_their_own() -> None:
    readers = [Reader(), Reader(), Reader(shops=SEPARATE_BUSINESSES + 2)]
    for reader in readers:
        for filters in (*filters_of(None), *filters_of(reader.shops[1]), *filters_of(readers[0].shops[0])):
            assert reader.pages(filters) == [row.pk for row in reader.expected(filters)], filters


def test_marks_count_as_unread() -> None:
    readers = [Reader(), Reader(shops=SEPARATE_BUSINESSES + 1)]
    for reader in readers:
        talk = next(
            talk for talk in reader.talks if talk.customer_id == reader.user.pk and talk.last_seq == 0
        )
        say(talk, talk.business.memberships.get().user, ["hello"])
        changes: tuple[Callable[..., object] | None, ...] = (None, mark_read, partial(mark_unread, seq=1))
        for change in changes:
            if change is not None:
                change(user_id=reader.user.pk, conversation_id=str(talk.pk))
            for filters in (Filters(unread=True), Filters(unread=False)):
                assert reader.pages(filters) == [row.pk for row in reader.expected(filters)]


def test_a_member_of_thousands_of_businesses_searches() -> None:
    """Each business with its own parameters would be more than PostgreSQL takes."""
    member = person()
    made = [Business(name="Shop", slug=f"shop-{number}-{member.pk}") for number in range(2_000)]
    shops = Business.objects.bulk_create(made)
    memberships: QuerySet[Membership] = QuerySet(Membership)  # without a query for each
    memberships.bulk_create([Membership(business=shop, user=member) for shop in shops])
    talks = [conversation(shop) for shop in shops[::500]]
    for talk in talks:
        say(talk, talk.customer, ["red green blue white black"])
    filters = Filters(search="black white blue green red", unread=True)
    pages = [conversation_page(member.pk, limit=2, filters=filters)]
    pages.append(conversation_page(member.pk, limit=2, cursor=pages[0].next, filters=filters))
    found = [one.id for page in pages for one in page.conversations]
    assert (found, pages[1].next) == ([talk.pk for talk in talks[::-1]], None)


def test_another_reader_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Reader(), Reader()
    filters = Filters(archived=False, business_id=str(first.shops[0].pk))
    with CaptureQueriesContext(connection) as asked:
        conversation_page(first.user.pk, limit=3, filters=filters)

    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr("django.db.models.sql.query.Query.sql_with_params", refuse)
    again = Filters(archived=False, business_id=str(second.shops[0].pk))
    with CaptureQueriesContext(connection) as later:
        conversation_page(second.user.pk, limit=3, filters=again)
    assert len(later) == len(asked)
