from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from chatsite.config.attachments import file_system
from tests.attachments.files import Scene


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> Path:
    """Provide an empty storage in a temporary folder."""
    settings.STORAGES = {**settings.STORAGES, "attachments": file_system(tmp_path)}
    assert storages["attachments"].location == str(tmp_path)  # type: ignore[attr-defined]
    return tmp_path


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()
