"""Each key has one valid spelling. Other spellings are rejected with a reason, the same in every run and process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from conversations.models import ChatMessage, Conversation
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World
from tests.legacy.oldtable import OldTable

SPELLINGS = ("{0}", "0{0}", "+{0}", " {0} ", "{0}.0", "{0}_0", "{1}")
ARABIC_DIGITS = {ord(str(digit)): chr(0x660 + digit) for digit in range(10)}


@pytest.fixture
def table(old: OldTable) -> OldTable:
    return OldTable(old.connection, senderId="text", customerId="text")


def say(table: OldTable, world: World, key: int | str, sender: str) -> None:
    business = str(world.businesses[0][0])
    table.add(
        id=key, senderId=sender, customerId=sender, businessId=business, createdAt=BEGIN, content="hello"
    )


def reasons(rejects: Path) -> dict[str, str]:
    return {line["id"]: line["reason"] for line in map(json.loads, rejects.read_text().splitlines())}


@pytest.mark.parametrize("batch", ["1", "3", "2000"])
def test_another_spelling_of_an_id_is_refused(
    table: OldTable, world: World, run: Run, rejects: Path, batch: str
) -> None:
    customer = world.customers[0]
    for number, spelling in enumerate(SPELLINGS):
        say(table, world, number, spelling.format(customer, str(customer).translate(ARABIC_DIGITS)))
    run("--batch", batch)
    assert sorted(map(str, reasons(rejects))) == ["1", "2", "4", "5", "6"]
    assert {reason for key, reason in reasons(rejects).items() if str(key) in "126"} == {"ambiguous_customer"}
    assert set(ChatMessage.objects.values_list("sender_id", flat=True)) == {customer}
    assert ChatMessage.objects.count() == 2
    assert "The old table and the import agree." in run("--verify", "--batch", "2")


PLAN = """
import django
django.setup()
from unittest import mock
from chatsite.legacy_import.directory import Directory
from chatsite.legacy_import.options import ImportOptions
NAMES = ("4", "04", "+4", "\\u0664", "004")
directory = Directory(ImportOptions())
with mock.patch(
    "django.db.models.query.QuerySet.values_list",
    lambda rows, *columns, **flags: [4] if columns == ("pk",) else [],
):
    directory.load(set(NAMES))
print([getattr(directory.person(name), "user_id", "ambiguous") for name in NAMES])
"""


@pytest.mark.parametrize("seed", ["0", "1", "7", "42"])
def test_keys_do_not_depend_on_the_hash_seed(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "chatsite.settings"}
    said = subprocess.run(
        [sys.executable, "-c", PLAN], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[4, 'ambiguous', 'ambiguous', 'ambiguous', 'ambiguous']"


def test_ids_with_one_reading_stop_the_import(old: OldTable, world: World, run: Run) -> None:
    table = OldTable(old.connection, id="text PRIMARY KEY", senderId="text", customerId="text")
    for key in ("1", " 1"):
        say(table, world, key, str(world.customers[0]))
    with pytest.raises(CommandError, match="has 1 repeated values"):
        run()


def test_a_username_is_compared_as_the_login_compares_it(table: OldTable, world: World, run: Run) -> None:
    user = get_user_model().objects.create_user("Ame\u0301lie \ufb01", email="Ame\u0301lie@example.org")
    for number, name in enumerate(("Ame\u0301lie \ufb01", "Am\u00e9lie fi")):
        say(table, world, number, name)
    run("--users", "username")
    assert Conversation.objects.get().customer_id == user.pk
    assert ChatMessage.objects.count() == 2
