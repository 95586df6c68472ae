"""A business with an owner and a colleague, and a customer who has written to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import msgspec
from django.contrib.auth.models import User

from chatsite.realtime.hub import Addressed
from conversations.writing import conversation_change
from tests.conversations.people import business, client_of, conversation, person, say


class Scene:
    def __init__(self) -> None:
        self.member, self.colleague, self.customer, self.stranger = person(), person(), person(), person()
        self.shop = business(self.member, self.colleague)
        self.talk = conversation(self.shop, self.customer)
        say(self.talk, self.customer, ["hello"])
        self.path = f"/chat/conversations/{self.talk.pk}"

    def get(self, user: User, path: str, **query: Any) -> Any:
        return client_of(user).get(path, query)

    def set(self, user: User, **body: Any) -> Any:
        return client_of(user).patch(f"{self.path}/team", body, format="json")

    def post(self, user: User, path: str, **body: Any) -> Any:
        return client_of(user).post(path, body, format="json")

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get(self.member, f"{self.path}/team").json()
        return found

    def seen_by(self, user: User) -> dict[str, Any]:
        found: dict[str, Any] = self.get(user, self.path).json()
        return found

    def label(self, name: str = "refund") -> str:
        made = self.post(self.member, "/team/labels", businessId=str(self.shop.pk), name=name)
        assert made.status_code == 201, made.content
        return str(made.json()["id"])

    def group(self, name: str = "sales") -> str:
        body = {"businessId": str(self.shop.pk), "name": name, "memberIds": [str(self.colleague.pk)]}
        made = self.post(self.member, "/team/groups", **body)
        assert made.status_code == 201, made.content
        return str(made.json()["id"])


@contextmanager
def heard() -> Iterator[list[tuple[str, str, dict[str, Any]]]]:
    """Record the group, the name and the data of every event that a change sends."""
    found: list[tuple[str, str, dict[str, Any]]] = []

    def keep(addressed: list[Addressed]) -> None:
        found.extend((group, event.name, msgspec.json.decode(event.data)) for group, event in addressed)

    with patch.object(conversation_change, "broadcast_on_commit", keep):
        yield found
