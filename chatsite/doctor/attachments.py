"""Checks of what attachments need: the storage, the decoders and the scanner."""

from __future__ import annotations

import io
from collections.abc import Iterator

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.crypto import get_random_string

from chatsite.doctor.findings import Finding, fail, ok
from conversations.attachments.clamd import ScannerFailed
from conversations.attachments.decoding import PROBE_SECONDS, UnreadableFile, decode
from conversations.attachments.scanning import is_scanning, scanner
from conversations.attachments.storage import attachment_storage

PROBE = b"chat_doctor"


def examine() -> Iterator[Finding]:
    yield _storage()
    yield from (_decoder(name) for name in ("image", "media"))
    yield _scanner()


def _storage() -> Finding:
    name = "attachments.storage"
    storage = attachment_storage()
    key = f"doctor/{get_random_string(12)}"
    try:
        stored = storage.save(key, ContentFile(PROBE))
        with storage.open(stored) as file:
            is_same = file.read() == PROBE
        storage.delete(stored)
    except Exception as error:  # noqa: BLE001  each storage raises its own
        return fail(name, f"The storage failed: {error}", "See MEDIA_ROOT and ATTACHMENTS_STORAGE.")
    if not is_same:
        return fail(name, "The storage returns other bytes than were written.", "Check the storage.")
    return ok(
        name, f"Files are in {getattr(storage, 'bucket_name', None) or getattr(storage, 'location', '?')}."
    )


def _decoder(decoder: str) -> Finding:
    name = f"attachments.{decoder}"
    try:
        decode(decoder, "check", seconds=PROBE_SECONDS)
    except UnreadableFile as error:
        return fail(name, f"The decoder does not run: {error}", "Install the locked requirements again.")
    return ok(name, "The decoder runs.")


def _scanner() -> Finding:
    name = "attachments.scanner"
    if not is_scanning():
        return ok(name, "Files are not scanned for malware, because ATTACHMENTS_SCANNER is not set.")
    try:
        scanner()(io.BytesIO(PROBE))
    except (ScannerFailed, ImportError, OSError) as error:
        return fail(name, f"{settings.ATTACHMENTS_SCANNER}: {error}", "Until it answers, no file is shown.")
    return ok(name, "The scanner answers.")
