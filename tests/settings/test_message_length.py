"""A frame must hold the longest message. Otherwise sockets would close where REST accepts the message."""

from __future__ import annotations

from dataclasses import replace

from pytest_django.fixtures import Settings

from chatsite.config.host_checks import check_project
from chatsite.config.limits import Limits


def warnings() -> list[str]:
    return [message.msg for message in check_project(None) if message.id == "chatsite.W003"]


def test_the_default_fits() -> None:
    assert warnings() == []


def test_a_longer_message_needs_larger_frames(settings: Settings) -> None:
    settings.CHAT = Limits(message_length=20_000)
    assert warnings() == ["CHAT.message_length needs frames of 81024 bytes, but CHAT.frame_bytes is 65536."]
    settings.CHAT = replace(settings.CHAT, frame_bytes=96 * 1024)
    assert warnings() == []
