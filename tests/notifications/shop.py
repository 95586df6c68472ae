"""A business for a single black-box test, and a client's state of its user's notifications."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from tests.harness.cast import Cast, Person
from tests.harness.client import Frame, LiveClient
from tests.harness.rest import Json, RestClient

PARTS: Final = ("owner", "agent", "customer", "newcomer")

MAKE_SHOP = """
from django.contrib.auth.models import User
from conversations.models import Business
from conversations.membership import add_member
shop = Business.objects.create(name={name!r}, slug={name!r})
for part in ("owner", "agent"):
    user = User.objects.get(username=f"{{part}}-{name}")
    add_member(business_id=shop.pk, user_id=user.pk, role=part)
print("shop", shop.pk)
"""

NOTIFY = """
from notifications.operations import notify
for number in range({count}):
    notify(recipient_id={user}, type="system", title=f"{title} {{number}}")
"""


@dataclass
class LiveShop:
    """The owner and the agent use two processes, the customer and the newcomer a third."""

    cast: Cast
    id: str
    owner: Person
    agent: Person
    customer: Person
    newcomer: Person

    @classmethod
    async def open(cls, cast: Cast) -> Self:
        name = f"shop-{secrets.token_hex(4)}"
        cast.stage.log_in([f"{part}-{name}" for part in PARTS])
        answer = cast.stage.deployment.shell(MAKE_SHOP.format(name=name))
        homes = zip(PARTS, (1, 2, 0, 0), strict=True)
        return cls(cast, answer.split()[-1], *(cast.person(f"{part}-{name}", home) for part, home in homes))

    async def conversation(self) -> str:
        opened = await self.customer.rest.post("/chat/conversations", {"businessId": self.id})
        return str(opened["id"])

    async def invite(self, person: Person, role: str = "agent") -> Json:
        body = {"businessId": self.id, "username": person.name, "role": role}
        return await self.owner.rest.post("/team/invitations", body)

    async def offer(self, conversation_id: str, **more: str | int) -> Json:
        expires = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        body = {
            "conversationId": conversation_id,
            "title": "Blue touring bike",
            "amountMinor": 129900,
            "currency": "EUR",
            "expiresAt": expires,
        }
        return await self.agent.rest.post("/offers", {**body, **more})

    def notify(self, person: Person, count: int = 1, title: str = "news") -> None:
        """Notify from outside the servers, as a project's management command does."""
        code = NOTIFY.format(user=person.id, count=count, title=title)
        self.cast.stage.deployment.shell(code)


@dataclass
class Tray:
    """A client's state: a fresh fetch, updated by events and by `sync`.

    What is read stays read, and what is deleted stays deleted, so the order of arrival does not matter.
    """

    rows: dict[str, Json] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    rev: int = 0

    @classmethod
    async def fetch(cls, rest: RestClient) -> Self:
        return cls({row["id"]: row for row in await rest.pages("/notifications", limit=200)})

    def take(self, row: Json) -> None:
        held = self.rows.get(row["id"])
        if row["id"] not in self.gone and (held is None or held["readAt"] is None):
            self.rows[row["id"]] = row

    def drop(self, key: str) -> None:
        self.gone.add(key)
        self.rows.pop(key, None)

    def apply(self, data: Json) -> None:
        self.rev = max(self.rev, data["rev"])
        if data.get("deleted"):
            self.drop(data["notification"]["id"])
            return
        self.take(data["notification"])
        read_all = data.get("readAll")
        if read_all:
            self.read_all(read_all["type"], read_all["readAt"])

    def read_all(self, kind: str | None, read_at: str) -> None:
        for key, row in self.rows.items():
            if row["readAt"] is None and kind in (None, row["type"]):
                self.rows[key] = {**row, "readAt": read_at}

    def apply_all(self, frames: Iterable[Frame]) -> Self:
        for frame in frames:
            if frame.event == "notification":
                self.apply(frame.data)
        return self

    async def sync(self, client: LiveClient, after: str | None = None) -> Json:
        known = str(self.rev) if after is None else after
        answer = await client.call("sync", {"conversations": {}, "notificationsAfter": known})
        if not answer.get("notificationsResync"):
            for key in answer["notificationsDeleted"]:
                self.drop(key)
            for row in answer["notifications"]:
                self.take(row)
        self.rev = answer["notificationsRev"]
        return answer

    def unread(self) -> int:
        return sum(row["readAt"] is None for row in self.rows.values())
