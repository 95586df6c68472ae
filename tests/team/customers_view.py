"""Everything that a customer can reach except sockets.

To read all of it after each of a team's actions would take minutes. So an address is read again only if one of its
queries has another result than before the action. The most important ones are read always, because a cache could hide
what they read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import msgspec
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from chatsite.widget.operations import WidgetSettings, create_site
from conversations.moderation.exports import export_person
from conversations.sync import SyncCommand, heartbeat_answers_for, synchronise
from notifications.delivery.mail.composing import compose
from notifications.delivery.mail.sending import unread_sections
from notifications.delivery.models import Escalation, Notice
from notifications.delivery.preferences import preferences_of
from notifications.delivery.push.content import message_content
from notifications.models import Notification
from tests.attack.routes import Address, addresses, read_addresses
from tests.conversations.people import client_of
from tests.team.scene import Scene

THE_SAME_FOR_ALL: Final = {"metrics", "readyz", "healthz", "schema", "docs", "asyncapi", "event-reference"}
CHANGING: Final = re.compile(
    rb'nonce="[^"]*"|name="(clientId|csrfmiddlewaretoken)" value="[^"]*"|data-csrf="[^"]*"|"csrfToken": "[^"]*"'
    rb"|/unsubscribe/[^\s\"<>]*"
)
LATER: Final = timedelta(days=1)  # every unread message is due for a mail by then
# When the business is open. Customers may see it.
HOURS: Final = re.compile(
    rb'("businessId": ?"[^"]*"), ?"open": ?[^,]*, ?"opensAt": ?[^,]*, ?"closesAt": ?[^,]*, ?"timezone": ?[^,]*,'
)

MAIN: Final = {
    "availability-availability",
    "conversation",
    "conversation-detail",
    "conversation-list",
    "conversation-messages",
    "conversation-people",
    "conversation-rating-csat",
    "inbox",
    "message-detail",
    "notification-list",
    "notification-unread-count",
    "offer-list",
    "search-list",
    "unread-count-list",
    "widget-configuration",
    "widget-frame",
}

Seen = dict[str, bytes]
Query = tuple[str, tuple[Any, ...]]  # with its parameters


@contextmanager
def queries() -> Iterator[set[Query]]:
    """Record what a block asks the database."""
    asked: set[Query] = set()

    def note(execute: Callable[..., Any], sql: str, values: Any, *rest: Any) -> Any:
        if sql.startswith(("SELECT", "WITH")):
            asked.add((sql, tuple(values or ())))
        return execute(sql, values, *rest)

    with connection.execute_wrapper(note):
        yield asked


def result_of(query: Query) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(*query)
        rows: list[Any] = cursor.fetchall()
        return rows


class CustomersView:
    """Returns what the customer sees as bytes by place. `ids` has what a customer could ask for, by kind."""

    def __init__(self, scene: Scene) -> None:
        create_site(business=scene.shop, chosen=WidgetSettings(guests_allowed=True))
        self.customer: User = scene.customer
        self.talk, self.shop = scene.talk, scene.shop
        self.client = client_of(scene.customer)
        self.pages = Client()
        self.pages.force_login(scene.customer)
        message = scene.get(scene.customer, f"{scene.path}/messages").json()["results"][0]
        talk, shop = str(scene.talk.pk), str(scene.shop.pk)
        self.ids = {
            "conversations": talk,
            "conversation_id": talk,
            "messages": message["id"],
            "business_id": shop,
            "slug": scene.shop.slug,
        }
        of_business = ("businesses", "assignment", "automations", "business-hours", "csat")
        self.ids |= dict.fromkeys(of_business, shop)
        self.queries = (
            "?status=open&assignee=none",
            "?q=secret&query=secret&search=secret",
            f"?businessId={shop}&ids={talk}&metric=volume",
        )
        self.notice = Notice(pk=uuid4(), user=scene.customer)
        self._asked: dict[tuple[str, str, str], set[Query]] = {}  # at all times; by address, filters and id
        self._results: dict[Query, list[Any]] = {}
        api = {address for address in addresses() if address.method == "GET"}
        self.read = [
            (address, address in api) for address in read_addresses() if address.name not in THE_SAME_FOR_ALL
        ]
        assert {address.name for address, _ in self.read} >= MAIN

    def seen(self, *, everything: bool = True) -> Seen:
        """Return everything, or what could have changed since the last time."""
        mails = [one for one in mail.outbox if self.customer.email in one.to]
        return {
            **dict(self._rest(everything=everything)),
            **self._sync(),
            **self._away(),
            "export": b"".join(export_person(actor=None, user_id=self.customer.pk, reason="asked")),
            "mails": repr([(one.to, one.subject, one.body) for one in mails]).encode(),
            "notices": self.notices(),
            "ladder": repr(
                list(Escalation.objects.filter(conversation=self.talk, side="customer").values())
            ).encode(),
            "notifications": repr(
                list(Notification.objects.filter(recipient=self.customer).values())
            ).encode(),
        }

    def notices(self) -> bytes:
        return repr(list(Notice.objects.filter(user=self.customer).values())).encode()

    def _rest(self, *, everything: bool) -> Iterator[tuple[str, bytes]]:
        """Read each address, and those without an id, which are lists and pages, also with filters."""
        changed = self._changed_queries()
        for address, is_api in self.read:
            for query in ("", *(() if address.takes_an_id else self.queries)):
                place = (address.pattern, query, self.ids.get(address.kind, ""))
                always = everything or place not in self._asked or (address.name in MAIN and not query)
                asked = self._asked.setdefault(place, set())
                if always or not changed.isdisjoint(asked):
                    with queries() as found:
                        answer = (self.client if is_api else self.pages).get(self._path(address) + query)
                    asked |= found
                    self._results |= {one: result_of(one) for one in found - self._results.keys()}
                    content = CHANGING.sub(b"", b"" if answer.streaming else answer.content)
                    yield f"{address.pattern}{query}", b"%d %b" % (answer.status_code, content)

    def _changed_queries(self) -> set[Query]:
        """Return those of the queries of all addresses that have another result than at the last call."""
        before = self._results
        self._results = {query: result_of(query) for query in before}
        return {query for query, result in before.items() if result != self._results[query]}

    def _path(self, address: Address) -> str:
        return address.path(self.ids).replace("<slug:slug>", self.shop.slug)

    def _away(self) -> dict[str, bytes]:
        """Return a mail and a push about the message that the customer has not read."""
        later = timezone.now() + LATER
        sections, _ = unread_sections(self.customer, later)
        made = compose(self.notice, sections, "en")
        settings = preferences_of(self.customer.pk, self.shop.pk)
        mailed = "\n".join(
            [str(made.subject), str(made.from_email), repr(made.extra_headers), str(made.body)]
        )
        mailed += "".join(str(content) for content, _ in made.alternatives)
        return {
            "mail": CHANGING.sub(b"", mailed.encode()),
            "push": message_content(self.customer, self.talk, sections[0].messages[-1], 1, settings),
        }

    def _sync(self) -> dict[str, bytes]:
        key = str(self.talk.pk)
        answer = synchronise(self.customer.pk, SyncCommand(conversations={key: 0}, team={key: 0}))
        [heartbeat] = heartbeat_answers_for([(self.customer.pk, [self.talk.pk])])
        heartbeat.pop("serverTime")
        return {
            "sync": msgspec.json.encode(answer, enc_hook=str),
            "heartbeat": msgspec.json.encode(heartbeat, enc_hook=str),
        }


def differences(before: Seen, after: Seen) -> dict[str, str]:
    """Return the first difference of each place in `after` that is not the same."""
    found = {place: _first_difference(before[place], content) for place, content in after.items()}
    return {place: where for place, where in found.items() if where}


def without_hours(seen: Seen) -> Seen:
    return {place: HOURS.sub(rb"\1,", content) for place, content in seen.items()}


def _first_difference(before: bytes, after: bytes) -> str:
    if before == after:
        return ""
    lines = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((f"{old!r} -> {new!r}" for old, new in lines if old != new), "another length")
