"""Pictures that take long to read do not occupy the threads of the requests of other people."""

from __future__ import annotations

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest

from chatsite.errors import DomainError
from conversations.attachments import decoding
from conversations.attachments.decoding import AT_ONCE, decode, decode_in_request
from tests.attachments.contents import picture
from tests.attachments.files import Scene, upload

MANY = 8  # the threads for requests of a process


@pytest.fixture
def taken_slots(monkeypatch: pytest.MonkeyPatch) -> threading.BoundedSemaphore:
    slots = threading.BoundedSemaphore(AT_ONCE)
    for _ in range(AT_ONCE):
        slots.acquire()
    monkeypatch.setattr(decoding, "_slots", slots)
    return slots


def refusal(_: int) -> tuple[str, Any, float]:
    began = monotonic()
    with pytest.raises(DomainError) as refused:
        decode_in_request("image", "check")
    return refused.value.code, refused.value.details, monotonic() - began


@pytest.mark.standalone
def test_few_requests_wait_a_second_for_a_decoder_and_the_others_not_at_all(
    taken_slots: threading.BoundedSemaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert decoding.REQUEST_SLOT_SECONDS <= 1
    monkeypatch.setattr(decoding, "REQUEST_SLOT_SECONDS", 3.0)
    with ThreadPoolExecutor(MANY) as threads:
        refusals = list(threads.map(refusal, range(MANY)))
    assert {(code, details["retryAfter"]) for code, details, _ in refusals} == {("unavailable", 5)}
    assert len([seconds for _, _, seconds in refusals if seconds >= 3.0]) == AT_ONCE


@pytest.mark.standalone
def test_a_job_waits_until_a_decoder_is_free(
    taken_slots: threading.BoundedSemaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "REQUEST_SLOT_SECONDS", 0.1)
    threading.Timer(0.5, taken_slots.release).start()
    assert decode("image", "check", seconds=60) == {}


@pytest.mark.standalone
def test_a_request_reads_a_picture_for_a_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(subprocess, "run", lambda *_, **options: given.append(options["timeout"]))
    monkeypatch.setattr(decoding, "_answer", lambda *_: {})
    decode_in_request("image", "check")
    assert given == [5.0]


def test_a_client_is_asked_to_retry(scene: Scene, taken_slots: threading.BoundedSemaphore) -> None:
    answer = upload(scene.customer, picture(), "photo.jpg")
    assert (answer.status_code, answer.json()["error"]["details"]) == (503, {"retryAfter": 5})
    taken_slots.release()
    assert upload(scene.customer, picture(), "photo.jpg").status_code == 201
