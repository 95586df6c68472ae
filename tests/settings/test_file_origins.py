"""Pages may load files only from the addresses to which the storage redirects browsers."""

from __future__ import annotations

from typing import Any

import pytest

from chatsite.config.attachments import file_origins, file_system, s3

pytestmark = pytest.mark.standalone

MINIO = s3("s3://key:secret@minio.example:9000/files?region=eu-central-1")
AWS = s3("s3://key:secret@/files?region=eu-central-1")
CDN = {"BACKEND": "x", "OPTIONS": {"bucket_name": "files", "custom_domain": "cdn.example"}}


@pytest.mark.parametrize(
    ("storage", "origins"),
    [
        (file_system, []),
        (MINIO, ["https://minio.example:9000"]),
        (AWS, ["https://files.s3.amazonaws.com", "https://files.s3.eu-central-1.amazonaws.com"]),
        (CDN, ["https://cdn.example"]),
        ({}, []),
    ],
)
def test_the_origins_of_files(storage: Any, origins: list[str], tmp_path: Any) -> None:
    entry = storage(tmp_path) if callable(storage) else storage
    assert file_origins("", entry) == origins
    assert file_origins("https://files.example", entry) == ["https://files.example", *origins]
