"""Accounts of the host's user model are created, renamed, exported and erased without a username."""

from __future__ import annotations

import json

import pytest

from tests.embedding.conftest import Shop

pytestmark = pytest.mark.standalone

SCRIPT = """
import json
from chatsite.identity.accounts import update_account, open_account
from chatsite.identity.names import display_name
from conversations.moderation.erasure import erase_person
from conversations.moderation.exports import export_person

guest = open_account(name="Gus", email="gus@home.example")
update_account(user_id=str(guest.pk), name="Gustav", email="root@shop.example")
guest.refresh_from_db()
told = {"renamed": display_name(guest), "address": guest.email}
lines = b"".join(export_person(actor=None, user_id=guest.pk, reason="asked")).splitlines()
told["exported"] = json.loads(lines[0])
erase_person(actor=None, user_id=guest.pk, reason="asked")
guest.refresh_from_db()
told |= {"erased": display_name(guest), "left": guest.email, "active": guest.is_active}
print(json.dumps(told))
"""


def test_an_account_without_a_username(shop: Shop) -> None:
    told = json.loads(shop.manage("shell", "--verbosity", "0", "-c", SCRIPT))
    assert told["renamed"] == "Gustav"
    assert told["address"].endswith("@account.invalid")  # a sign-in address is never taken from somebody else
    assert "Gustav" in json.dumps(told["exported"])
    assert told["erased"] == "Erased user"
    assert told["left"].startswith("erased-")
    assert not told["active"]
