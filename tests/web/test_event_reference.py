"""`/api/events` names every command, event and object of the live protocol, and no link is broken."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from chatsite.realtime import registry
from chatsite.realtime.asyncapi import commands, document

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(client: Client) -> str:
    answer = client.get("/api/events", headers={"accept-language": "de"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_has_everything_and_no_broken_link(shown: str) -> None:
    objects = document(host="chat.example", secure=True)["components"]["schemas"]
    wanted = {f"command-{name}" for name in commands()}
    wanted |= {f"event-{name}" for name in registry.events}
    wanted |= {f"object-{name}" for name in objects}
    ids = re.findall(r'id="([\w-]+)"', shown)
    assert len(ids) == len({*ids})
    assert wanted <= {*ids}
    assert {*re.findall(r'href="#([\w-]+)"', shown)} <= {*ids}


def test_a_field_has_its_type_its_bounds_and_its_default(shown: str) -> None:
    [section] = re.findall(r'<section[^>]*id="object-MessageObject">.*?</section>', shown, re.DOTALL)
    words = html.unescape(" ".join(re.sub(r"<[^>]+>", " ", section).split()))
    assert "clientId required string or null" in words
    assert 'senderKind required "bot", "person", "system"' in words
    assert '<a href="#object-ReactionObject">' in section
    [section] = re.findall(r'<section[^>]*id="object-SendCommand">.*?</section>', shown, re.DOTALL)
    words = html.unescape(" ".join(re.sub(r"<[^>]+>", " ", section).split()))
    assert "clientId string or null at least 1 characters; at most 64 characters" in words
    [section] = re.findall(r'<section[^>]*id="object-LookCommand">.*?</section>', shown, re.DOTALL)
    assert "default false" in section


def test_it_is_in_english_and_linked_from_the_other_half(client: Client, shown: str) -> None:
    assert '<html lang="en"' in shown
    assert 'href="/api/docs"' in shown or 'href="/api/docs/' in shown
    assert "/api/events" in client.get("/api/docs").content.decode()
    assert client.post("/api/events").status_code == 405
