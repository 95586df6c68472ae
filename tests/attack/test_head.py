"""HEAD answers every address that GET answers, with the same status and no body, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from chatsite.widget import operations as widgets
from conversations import operations
from conversations.models import Business, ChatMessage, Membership
from conversations.requests import SendBody
from tests.attack.routes import Address, read_addresses
from tests.harness.rest import Json

pytestmark = pytest.mark.one_database


@pytest.fixture
def scene(admin_user: User) -> Json:
    """Provide an owner with an unread message of a customer, and ids for every kind of address."""
    business = Business.objects.create(name="Northwind", slug="northwind")
    Membership.objects.create(business=business, user=admin_user, role=Membership.Role.OWNER)
    customer = User.objects.create(username="customer")
    conversation, _, _ = operations.open_conversation(user_id=customer.pk, business_id=str(business.pk))
    sent = operations.send_message(
        sender_id=customer.pk, conversation_id=str(conversation.pk), body=SendBody(content="unread")
    )
    site, _ = widgets.create_site(business=business, chosen=widgets.WidgetSettings())
    key = str(conversation.pk)
    return {"conversations": key, "c": key, "messages": str(sent.message.id), "sites": str(site.pk)}


@pytest.fixture
def owner(client: Client, admin_user: User) -> Client:
    client.force_login(admin_user)
    return client


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of the database, except the times at which sessions were last used.

    Plain statements take a tenth of the time of querysets, of which Django builds each anew.
    """
    found = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - {Session._meta.db_table}:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = cursor.fetchall()
    assert found[ChatMessage._meta.db_table]
    return found


def path_of(address: Address, ids: Json) -> str:
    if "<slug" in address.pattern:
        return "/" + address.pattern.replace("<slug:slug>", "northwind")
    if "P<slug>" in address.pattern:
        return "/widget/frame/northwind"
    return address.path(ids).replace("\\", "").replace("$", "")


def test_every_address_that_answers_get(owner: Client, scene: Json) -> None:
    seen = 0
    for address in read_addresses():
        path = path_of(address, scene)
        ChatMessage.objects.update(status=ChatMessage.Status.SENT, delivered_at=None)  # GET delivers
        before = rows()
        head = owner.head(path)
        assert rows() == before, f"HEAD {path} changed something"
        get = owner.get(path)
        assert head.status_code == get.status_code, path
        assert head.content == b"", path
        seen += head.status_code == 200
    assert seen >= 25
