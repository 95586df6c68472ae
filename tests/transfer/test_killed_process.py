"""An import that is killed in the middle of a batch has stored whole batches, and the next run completes it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from tests.harness.backend import Deployment
from tests.harness.patience import patience
from tests.harness.processes import ROOT

CONVERSATIONS, MESSAGES, BATCH = 3, 20, 10

# Dies inside the transaction of a batch: its rows are written, and not committed.
KILLED = """
import os, signal
from chatsite.transfer import batch_writer
real, calls = batch_writer.bulk_insert, []
def insert(*arguments):
    real(*arguments)
    calls.append(1)
    if len(calls) == {calls}:
        os.kill(os.getpid(), signal.SIGKILL)
batch_writer.bulk_insert = insert
from django.core.management import call_command
call_command({arguments})
"""
STATE = """
from chatsite.legacy_import.models import LegacyRow
from conversations.models import ChatMessage, Conversation
rows = ChatMessage.objects.filter(conversation__business__slug={slug!r})
for where in Conversation.objects.filter(business__slug={slug!r}):
    found = list(where.messages.order_by("seq").values_list("seq", "content"))
    assert [seq for seq, _ in found] == list(range(1, len(found) + 1)), found
    assert [text for _, text in found] == [f"Message {{number}}" for number in range(len(found))], found
    assert where.last_seq == len(found)
assert LegacyRow.objects.filter(source__source={slug!r}).count() == rows.count()
print("stored", rows.count())
"""


def write_source(path: Path, slug: str) -> None:
    lines: list[dict[str, object]] = [{"kind": "header", "format": "business-chat", "version": 1}]
    for number in range(CONVERSATIONS):
        customer: object = {"id": f"{slug}-{number}", "username": f"{slug}-{number}"}
        lines.append(
            {"kind": "conversation", "id": f"c{number}", "business": {"slug": slug}, "customer": customer}
        )
        for message in range(MESSAGES):
            line: dict[str, object] = {"kind": "message", "id": f"m{number}-{message}", "sender": customer}
            at = f"2024-05-01T10:{message:02}:00Z"
            lines.append(line | {"content": f"Message {message}", "createdAt": at})
    lines.append({"kind": "end", "lines": len(lines)})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_killed_import_is_resumed(embedded: Deployment, tmp_path: Path) -> None:
    slug = f"killed-{uuid4().hex[:8]}"
    path = tmp_path / "source.jsonl"
    write_source(path, slug)
    arguments = ["import_conversations", str(path), "--name", slug, "--batch", str(BATCH)]
    arguments += ["--create-people", "--create-businesses", "--rejects", str(tmp_path / "rejects.jsonl")]
    code = KILLED.format(calls=4, arguments=", ".join(map(repr, arguments)))
    killed = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", code],
        cwd=ROOT,
        env=embedded.environment,
        capture_output=True,
        timeout=patience(60),
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert embedded.shell(STATE.format(slug=slug)).split() == ["stored", str(3 * BATCH)]
    left = CONVERSATIONS * MESSAGES - 3 * BATCH
    assert f"Imported: {left} messages" in embedded.command(*arguments)
    assert embedded.shell(STATE.format(slug=slug)).split() == ["stored", str(CONVERSATIONS * MESSAGES)]
    assert "The file and the import agree." in embedded.command(*arguments, "--verify")
