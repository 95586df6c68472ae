"""The receiver in the documentation accepts signed events, each once, and refuses others."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.harness.patience import patience
from tests.harness.processes import ROOT

pytestmark = pytest.mark.standalone

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"type": "message.created", "data": {"conversationId": "c1"}}'


def headers(event_id: str) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(event_id, now, BODY),
    }


def post(port: int, sent: dict[str, str]) -> int:
    """Send an event. The receiver may not listen yet."""
    until = time.monotonic() + patience(20)
    while True:
        try:
            return httpx.post(
                f"http://127.0.0.1:{port}", content=BODY, headers=sent, trust_env=False, timeout=patience(10)
            ).status_code
        except httpx.ConnectError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_the_receiver_of_the_documentation(tmp_path: Path) -> None:
    programs = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.DOTALL)
    [program] = [text for text in programs if "serve_forever" in text]
    script = tmp_path / "receiver.py"
    script.write_text(program)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert post(port, {**headers("evt_1"), "webhook-signature": "v1,AAAA"}) == 400
        assert [post(port, headers(event_id)) for event_id in ("evt_1", "evt_1", "evt_2")] == [204, 204, 204]
    finally:
        process.kill()
        written, _ = process.communicate()
    assert written.decode().splitlines() == ["message.created c1"] * 2
