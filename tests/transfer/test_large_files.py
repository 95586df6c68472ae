"""Large files are read and written in pieces, so the memory does not depend on their length."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsite.transfer.importer import batches
from chatsite.transfer.options import FORMATS, TransferOptions

pytestmark = pytest.mark.standalone

TEXT = "x" * 2_000
LINES = 8_000  # 16 MB
MOST = 4_000_000  # bytes: a few batches


def native_lines() -> Iterator[object]:
    yield {"kind": "header", "format": "business-chat", "version": 1}
    yield {"kind": "conversation", "id": "c1", "business": {"slug": "shop"}}
    for number in range(LINES):
        yield {"kind": "message", "id": f"m{number}", "content": TEXT, "createdAt": "2024-05-01T10:00:00Z"}
    yield {"kind": "end", "lines": LINES + 2}


def stream_lines() -> Iterator[object]:
    for number in range(LINES):
        message = {"id": f"m{number}", "text": TEXT, "created_at": "2024-05-01T10:00:00Z"}
        yield {"channel": {"id": f"c{number}", "type": "messaging"}, "messages": [message]}


def chatwoot_lines() -> Iterator[object]:
    for number in range(LINES):
        message = {"id": number, "content": TEXT, "message_type": 0, "created_at": 1714557600}
        yield {"id": number, "meta": {"sender": {"id": number}}, "messages": [message]}


SOURCES = {"native": native_lines, "stream": stream_lines, "chatwoot": chatwoot_lines}


@pytest.mark.parametrize("form", FORMATS)
def test_reading_takes_the_memory_of_a_batch(form: str, tmp_path: Path) -> None:
    path = tmp_path / "source.jsonl"
    with path.open("w") as file:
        file.writelines(json.dumps(line) + "\n" for line in SOURCES[form]())
    assert path.stat().st_size > 3 * MOST
    tracemalloc.start()
    try:
        read = sum(len(batch) for batch in batches(TransferOptions(path=path, format=form, batch=200)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == LINES
    assert peak < MOST
