"""The client that openapi-python-client makes of the OpenAPI document is whole, passes strict type checks, and runs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.harness.cast import PASSWORD, Cast
from tests.harness.patience import patience

pytestmark = pytest.mark.one_database

HERE = Path(__file__).parent
CONFIG = {
    # Files have any type, which the generator reads as bytes if it is told so.
    "content_type_overrides": {"*/*": "application/octet-stream", "image/webp": "application/octet-stream"},
    "post_hooks": [],
}


def run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=patience(120),
    )
    assert done.returncode == 0, f"{command[:2]}: {done.stdout[-6000:]}{done.stderr[-2000:]}"
    return done.stdout


def build(folder: Path, document: str) -> None:
    (folder / "openapi.json").write_text(document)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    options = ["--path=openapi.json", "--config=config.json", "--output-path=chat_api", "--meta=none"]
    told = run(folder, "-m", "openapi_python_client", "generate", "--fail-on-warning", *options)
    assert "warning" not in told.lower()
    shutil.copy(HERE / "program.py", folder)
    # The program alone: the generator answers for its own code.
    run(folder, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir=cache", "program.py")


async def test_login_list_send_and_label(embedded_cast: Cast, tmp_path: Path) -> None:
    carol = embedded_cast.carol
    await embedded_cast.conversation(carol)
    document = json.dumps(await carol.rest.get("/api/schema?format=json"))
    await asyncio.to_thread(build, tmp_path, document)
    url = embedded_cast.stage.deployment.server(0).url
    told = await asyncio.to_thread(run, tmp_path, "program.py", url, "olivia", PASSWORD)
    assert json.loads(told) == {
        "content": "from a generated client",
        "status": "sent",
        "year": datetime.now(UTC).year,
        "label": "Generated",
        "color": "#6b7280",
        "code": "not_found",
    }
