"""Create old tables as they really are: both shapes of rows, equal times, ids that are not in the order of time, and
errors.

Every row comes with its expected result, so that a test can check a report about any number of rows.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth import get_user_model

from conversations.models import Business, Membership

BEGIN: Final = datetime(2023, 1, 1, tzinfo=UTC)
STEP: Final = timedelta(seconds=7)  # between groups of rows with one time
NOBODY: Final = 900_000_000  # the id of no user
COLUMNS: Final = (
    "id",
    "type",
    "senderId",
    "receiverId",
    "businessId",
    "customerId",
    "content",
    "status",
    "isRead",
    "readAt",
    "createdAt",
    "payload",
)
TEXT: Final = (
    "Hello! Is it still available? Thanks, see you on Thursday. 日本語 ok 👍 The price is fine with me."
)
WORDS: Final = TEXT.split()


@dataclass
class World:
    """Businesses with two members each, who belong to no other business, and customers."""

    customers: list[int] = field(default_factory=list)
    businesses: list[tuple[UUID, list[int]]] = field(default_factory=list)

    @classmethod
    def make(cls, *, customers: int, businesses: int) -> World:
        users = get_user_model().objects
        made = users.bulk_create(
            [
                users.model(username=f"legacy-{number}", email=f"legacy-{number}@example.org", password="!")
                for number in range(customers + 2 * businesses)
            ],
            batch_size=5000,
        )
        shops = Business.objects.bulk_create(
            Business(name=f"Shop {number}", slug=f"shop-{number}") for number in range(businesses)
        )
        members = [made[customers + 2 * n : customers + 2 * n + 2] for n in range(businesses)]
        Membership.objects.bulk_create(
            Membership(business=shop, user=user, role=role)
            for shop, pair in zip(shops, members, strict=True)
            for user, role in zip(pair, ("owner", "agent"), strict=True)
        )
        return cls(
            [user.pk for user in made[:customers]],
            [(shop.pk, [user.pk for user in pair]) for shop, pair in zip(shops, members, strict=True)],
        )


@dataclass
class OldRow:
    """`fate`: message, notification, or the reason why the row is rejected."""

    values: dict[str, Any]
    fate: str

    @property
    def as_tuple(self) -> tuple[Any, ...]:
        return tuple(self.values[name] for name in COLUMNS)


def old_rows(world: World, count: int, *, nul: bool, seed: int = 7) -> Iterator[OldRow]:
    """Return rows of an old table, always the same for the same arguments.

    `nul`: the database can store NULs in texts.
    """
    dice = random.Random(seed)
    step = next(prime for prime in (7919, 7907, 7901) if count % prime)
    for number in range(count):
        row = _row(world, dice, number)
        row.values["id"] = number * step % count + 1  # each id once, in no order of time
        _soil(world, dice, row, nul)
        yield row


def _row(world: World, dice: random.Random, number: int) -> OldRow:
    customer = world.customers[
        int(len(world.customers) * dice.random() ** 2)
    ]  # some talk much more than others
    business, members = world.businesses[(customer * 31 + dice.randrange(2)) % len(world.businesses)]
    member = dice.choice(members)
    created = BEGIN + STEP * (number // 5)
    by_customer = dice.random() < 0.5
    values: dict[str, Any] = dict.fromkeys(COLUMNS)
    values["createdAt"] = created
    values["senderId"] = customer if by_customer else member
    if dice.random() < 0.5:
        values["businessId"], values["customerId"] = str(business), customer
    else:
        values["receiverId"] = member if by_customer else customer
    values["content"] = " ".join(dice.choices(WORDS, k=dice.randint(2, 30)))
    _set_state(dice, values, created)
    if dice.random() < 0.9:
        values["type"] = dice.choice(("chat", "chat", "message", "image"))
        return OldRow(values, "message")
    values["type"] = dice.choice(("invitation", "offer", "system", "Level_Up", "weather"))
    values["receiverId"] = customer
    values["payload"] = json.dumps({"title": "For you", "actionUrl": "/team", "n": number})
    return OldRow(values, "notification")


def _set_state(dice: random.Random, values: dict[str, Any], created: datetime) -> None:
    state = dice.choice(("sent", "delivered", "read", "read", "flag"))
    values["status"] = "sent" if state == "flag" else state
    values["isRead"] = state in ("read", "flag")
    if state == "read" and dice.random() < 0.5:
        values["readAt"] = created + timedelta(minutes=3)


# The error → the changed columns of the row, and the reason why the row is rejected.
DIRT: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "empty": ({"content": ""}, "empty_content"),
    "nothing": ({"content": None}, "empty_content"),
    "blank": ({"content": "  \n"}, "empty_content"),
    "huge": ({"content": "long " * 20_000}, "too_long"),
    "nobody": ({"senderId": NOBODY}, "unknown_sender"),
    "no sender": ({"senderId": None}, "no_sender"),
    "no time": ({"createdAt": None}, "bad_timestamp"),
    "nul": ({"content": "before\x00after"}, "nul_byte"),
    "self": ({}, "self_message"),
    "colleagues": ({}, "colleagues"),
    "stranger": ({}, "no_business"),
}


def _soil(world: World, dice: random.Random, row: OldRow, nul: bool) -> None:
    """Damage two rows of a hundred, each in one way."""
    if dice.random() >= 0.02 or row.fate != "message":
        return
    dirt = dice.choice([name for name in DIRT if nul or name != "nul"])
    changes, row.fate = DIRT[dirt]
    pairs = {
        "self": (row.values["senderId"], row.values["senderId"]),
        "colleagues": world.businesses[0][1],
        "stranger": world.customers[:2],
    }
    if dirt in pairs:
        sender, receiver = pairs[dirt]
        changes = {"senderId": sender, "receiverId": receiver, "businessId": None, "customerId": None}
    row.values.update(changes)
