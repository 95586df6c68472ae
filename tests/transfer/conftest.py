from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from django.core.files.storage import storages
from django.core.management import call_command

from chatsite.config.attachments import file_system

Run: TypeAlias = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `import_conversations`, and return its output."""

    def command(path: Path, *options: str) -> str:
        out = io.StringIO()
        rejects = str(tmp_path / "rejects.jsonl")
        call_command(
            "import_conversations",
            str(path),
            "--rejects",
            rejects,
            *options,
            stdout=out,
            stderr=io.StringIO(),
        )
        return out.getvalue()

    return command


@pytest.fixture
def export() -> Callable[..., bytes]:
    """Run `export_conversations`, and return the file."""

    def command(path: Path, *options: str) -> bytes:
        call_command("export_conversations", str(path), *options, stdout=io.StringIO())
        return path.read_bytes()

    return command


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGES = {**settings.STORAGES, "attachments": file_system(tmp_path / "storage")}
    assert storages["attachments"].location == str(tmp_path / "storage")  # type: ignore[attr-defined]
    return tmp_path / "storage"
