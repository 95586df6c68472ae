"""Makes the people of a benchmark in the database of the environment: `python -m bench.people ORDER`, answers JSON.

`ORDER` is JSON: `{"pairs": 100, "room": 500, "idle": 1000}`. A pair is a customer and the one member of a business, in
their conversation; the room is one conversation whose business has all but one of its people as members.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def make_pairs(count: int) -> list[dict[str, Any]]:
    return [make_conversation(f"pair-{number}", members=1) for number in range(count)]


def make_conversation(name: str, *, members: int) -> dict[str, Any]:
    from conversations.models import Business, Conversation, Membership

    business = Business.objects.create(name=f"Business {name}", slug=name)
    customer, *team = make_users(name, 1 + members)
    Membership.objects.bulk_create(Membership(business=business, user=user) for user in team)
    conversation = Conversation.objects.create(business=business, customer=customer)
    tokens = [token_of(user) for user in (customer, *team)]
    return {"conversation": str(conversation.pk), "tokens": tokens}


def make_users(name: str, count: int) -> list[Any]:
    from django.contrib.auth import get_user_model

    model = get_user_model()
    return model.objects.bulk_create(
        model(username=f"{name}-{number}", password="!", first_name="Alex", last_name=f"Number {number}")
        for number in range(count)
    )


def token_of(user: Any) -> str:
    from chatsite.identity.operations import open_login

    return open_login(user_id=str(user.pk)).access


def main(order: dict[str, int]) -> dict[str, Any]:
    return {
        "pairs": make_pairs(order["pairs"]),
        "room": make_conversation("room", members=order["room"] - 1) if order["room"] else None,
        "idle": [token_of(user) for user in make_users("idle", order["idle"])],
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
    import django

    django.setup()
    json.dump(main(json.loads(sys.argv[1])), sys.stdout)
