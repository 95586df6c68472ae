"""Uploads share a rate, and nothing else waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from chatsite.http.upload_pace import PacedUploads

UPLOAD = {"type": "http", "method": "POST", "path": "/chat/uploads"}
PARTS = 4
PART = bytes(1_000)


async def _read_body(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["more_body"]:
        pass


async def _nothing(message: Any = None) -> Any:
    raise AssertionError("the application sends nothing here")


@pytest.fixture
def paced(settings: Any) -> Callable[[float], PacedUploads]:
    def pace(rate: float) -> PacedUploads:
        settings.CHAT = replace(settings.CHAT, upload_bytes_per_second=rate)
        return PacedUploads(_read_body)

    return pace


def _upload(application: PacedUploads, **scope: str) -> Awaitable[None]:
    parts = iter(range(PARTS, 0, -1))

    async def receive() -> Any:
        return {"type": "http.request", "body": PART, "more_body": next(parts) > 1}

    return application({**UPLOAD, **scope}, receive, _nothing)


async def _seconds(*uploads: Awaitable[None]) -> float:
    clock = asyncio.get_running_loop().time
    began = clock()
    await asyncio.wait_for(asyncio.gather(*uploads), 30)
    return clock() - began


async def test_an_upload_keeps_to_the_rate(paced: Callable[[float], PacedUploads]) -> None:
    assert await _seconds(_upload(paced(40_000))) >= PARTS * len(PART) / 40_000


async def test_uploads_at_the_same_time_share_the_rate(paced: Callable[[float], PacedUploads]) -> None:
    application = paced(40_000)
    spent = await _seconds(_upload(application), _upload(application), _upload(application))
    assert spent >= 3 * PARTS * len(PART) / 40_000


async def test_a_pause_saves_no_time_for_later(paced: Callable[[float], PacedUploads]) -> None:
    application = paced(40_000)
    await asyncio.sleep(0.2)
    assert await _seconds(_upload(application)) >= PARTS * len(PART) / 40_000


@pytest.mark.parametrize("scope", [{"path": "/chat/conversations"}, {"method": "GET"}])
async def test_other_requests_do_not_wait(
    paced: Callable[[float], PacedUploads], scope: dict[str, str]
) -> None:
    """At this rate their body would take an hour."""
    await _seconds(_upload(paced(1), **scope))


async def test_without_a_rate_uploads_do_not_wait(paced: Callable[[float], PacedUploads]) -> None:
    await _seconds(_upload(paced(0)))


def test_a_large_file_is_in_time_by_default() -> None:
    """Ten of the largest files at once still take less than the time that one of them has."""
    chat = settings.CHAT
    assert 10 * chat.attachment_bytes / chat.upload_bytes_per_second < chat.upload_seconds
