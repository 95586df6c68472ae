"""Bad files, interrupted uploads and misleading names get a clear error and leave nothing behind."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from PIL import Image

from conversations.attachments import storage as attachment_storage
from conversations.attachments.file_names import clean_name
from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.processing import process
from conversations.attachments.sweeping import sweep_unused_uploads
from tests.attachments.contents import PDF, animation, picture
from tests.attachments.files import Scene, body, files_in, refused, upload
from tests.conversations.people import client_of


def png_bomb(width: int, height: int) -> bytes:
    """Return a PNG of any size in a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0))
    rows = zlib.compress(bytes(1 + min(width, 20_000) // 8) * min(height, 2000))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif_bomb() -> bytes:
    """Return a GIF whose header declares four frames of a hundred megapixels each."""
    whole = animation("GIF")
    return whole[:6] + struct.pack("<HH", 10_000, 10_000) + whole[10:]


def zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(20 * 1024 * 1024))
    return buffer.getvalue()


@pytest.fixture
def customer(scene: Scene) -> Any:
    return scene.customer


def leftovers(storage: Path) -> list[Path]:
    """Return the files that are in the storage after the next day's sweep."""
    later = timedelta(days=2)
    Attachment.objects.update(created_at=F("created_at") - later)
    StoredFile.objects.update(created_at=F("created_at") - later)
    sweep_unused_uploads()
    assert not StoredFile.objects.exists()
    return files_in(storage)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", (400, "invalid")),
        (png_bomb(20_000, 20_000), (400, "invalid")),
        (png_bomb(2**31 - 1, 2**31 - 1), (400, "invalid")),
        (picture()[:3000], (400, "invalid")),
        (picture(form="PNG")[:300], (400, "invalid")),
        (animation("GIF")[:40], (400, "invalid")),
        (gif_bomb(), (400, "invalid")),
        (b"GIF89a/*" + b"\x00" * 20 + b"*/=1;alert(1)", (400, "invalid")),
        (b"MZ\x90\x00" + bytes(200), (415, "unsupported_media_type")),
        (b"\x7fELF\x02" + bytes(200), (415, "unsupported_media_type")),
        (b"#!/bin/sh\nrm -rf /\n", (415, "unsupported_media_type")),
    ],
    ids=[
        "empty",
        "bomb",
        "larger-bomb",
        "jpeg-cut",
        "png-cut",
        "gif-cut",
        "animation-bomb",
        "gif-js",
        "exe",
        "elf",
        "script",
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    customer: Any, storage: Path, content: bytes, error: tuple[int, str]
) -> None:
    assert refused(upload(customer, content, "holiday.png")) == error
    assert leftovers(storage) == []


def test_a_picture_that_is_a_script_is_only_a_picture(scene: Scene) -> None:
    made = upload(scene.customer, animation("GIF") + b"*/=1;alert(document.cookie)//", "x.gif").json()
    process(made["id"])
    stored = body(client_of(scene.customer).get(f"/chat/attachments/{made['id']}"))
    assert b"alert" not in stored
    assert Image.open(io.BytesIO(stored)).format == "GIF"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (PDF + b"<html><script>alert(1)</script>", "application/pdf"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/html"),
        (b"<!-- x --><html onload=alert(1)>", "text/html"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "image/svg+xml"),
        (zip_bomb(), "application/zip"),
        ("just Wörter\n".encode(), "text/plain"),
    ],
    ids=["pdf", "html", "html-comment", "svg", "zip-bomb", "text"],
)
def test_executable_types_are_downloads(scene: Scene, content: bytes, content_type: str) -> None:
    made = upload(scene.customer, content, "x.jpg").json()
    assert (made["kind"], made["contentType"], made["state"]) == ("file", content_type, "ready")
    answer = client_of(scene.customer).get(f"/chat/attachments/{made['id']}")
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"].partition("script-src")[2]
    assert body(answer) == content


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\x00b.txt", "ab.txt"),
        ("\u202egpj.exe", "gpj.exe"),
        ("two\r\nlines.txt", "twolines.txt"),
        ("...", "file"),
        ("", "file"),
        ("CON.txt", "file-CON.txt"),
        ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
        ('q"u<o>te?.txt', "quote.txt"),
        ("cafe\u0301 👩‍👧.jpg", "café 👩‍👧.jpg"),
    ],
)
def test_misleading_characters_are_removed_from_names(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_a_name_reaches_the_browser_whole(scene: Scene) -> None:
    made = upload(scene.customer, PDF, 'Größe "1".pdf').json()
    answer = client_of(scene.customer).get(f"/chat/attachments/{made['id']}")
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.pdf" in answer["Content-Disposition"]


def test_a_form_without_one_file_is_invalid(customer: Any, storage: Path) -> None:
    client = client_of(customer)
    two = {"file": io.BytesIO(PDF), "other": io.BytesIO(PDF)}
    assert refused(client.post("/chat/uploads", two, format="multipart")) == (400, "invalid")
    assert refused(client.post("/chat/uploads", {"kind": "voice"}, format="multipart")) == (400, "invalid")
    assert refused(client.post("/chat/uploads", {"file": "text"}, format="json")) == (
        415,
        "unsupported_media_type",
    )
    assert leftovers(storage) == []


@pytest.mark.parametrize("tenth", range(10))
def test_a_body_that_breaks_off_is_no_file(customer: Any, storage: Path, tenth: int) -> None:
    """The connection declares a body, and ends at every tenth of it."""
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    whole = start + PDF * 1000 + b"\r\n--b--\r\n"
    cut = whole[: len(whole) * tenth // 10]
    form: Any = cut  # the stubs want text
    answer = client_of(customer).generic("POST", "/chat/uploads", form, "multipart/form-data; boundary=b")
    assert refused(answer) == (400, "invalid")
    assert not Attachment.objects.exists()
    assert leftovers(storage) == []


def test_quotas(scene: Scene, settings: Any) -> None:
    chosen = settings.CHAT
    settings.CHAT = replace(chosen, attachment_bytes=len(PDF) - 1)
    assert refused(upload(scene.customer, PDF)) == (413, "too_large")
    settings.CHAT = replace(chosen, user_attachment_bytes=2 * len(PDF))
    made = [upload(scene.customer, PDF).json()["id"] for _ in range(2)]
    assert refused(upload(scene.customer, PDF)) == (413, "too_large")
    client_of(scene.customer).delete(f"/chat/uploads/{made[0]}")
    assert upload(scene.customer, PDF).status_code == 201
    settings.CHAT = replace(chosen, business_attachment_bytes=len(PDF))
    assert scene.send(scene.customer, made[1]).status_code == 201
    last = upload(scene.customer, PDF).json()["id"]
    assert refused(scene.send(scene.customer, last)) == (413, "too_large")


def test_the_storage_is_away(scene: Scene, monkeypatch: pytest.MonkeyPatch, storage: Path) -> None:
    class Away:
        def save(self, *_: Any) -> str:
            raise OSError("no route to host")

    monkeypatch.setattr(attachment_storage, "attachment_storage", Away)
    assert refused(upload(scene.customer, PDF)) == (503, "unavailable")
    monkeypatch.undo()
    assert leftovers(storage) == []
