"""Businesses, people and messages for in-process tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from django.contrib.auth.models import User
from rest_framework.test import APIClient

from conversations import operations
from conversations.models import Business, Conversation, Membership
from conversations.requests import SendBody

# Consonants for the digits of random names, in which a search finds neither a number nor a word.
WORDLESS: Final = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrtvw")


def random_name(kind: str) -> str:
    return f"{kind}-{uuid4().hex[:12].translate(WORDLESS)}"


def person(name: str = "") -> User:
    return User.objects.create(username=name or random_name("person"), password="!")


def business(*members: User) -> Business:
    name = random_name("shop")
    # As after its first change: no webhook asks for its changes.
    made = Business.objects.create(name=name, slug=name, changes_recorded=False)
    Membership.objects.bulk_create(
        Membership(business=made, user=member, role=Membership.Role.OWNER) for member in members
    )
    return made


def conversation(shop: Business, customer: User | None = None) -> Conversation:
    customer = customer or person()
    return operations.open_conversation(user_id=customer.pk, business_id=str(shop.pk))[0]


def say(where: Conversation, sender: User, contents: Sequence[str]) -> None:
    for content in contents:
        operations.send_message(sender_id=sender.pk, conversation_id=where.pk, body=SendBody(content=content))


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client
