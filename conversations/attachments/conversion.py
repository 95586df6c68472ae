"""Convert an upload to the form that others may fetch: without metadata, and with a thumbnail."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec

from conversations.attachments.decoding import CONVERT_SECONDS, decode
from conversations.attachments.file_names import with_suffix
from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.scratch import scratch_folder
from conversations.attachments.storage import write_file

_TYPES: Final = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}
# The decoder of each kind, and its command. Files of other kinds stay as they are.
_COMMANDS: Final = {
    "image": ("image", "convert"),
    "voice": ("media", "recording"),
    "video": ("media", "video"),
}


def convert(attachment: Attachment, source: Path) -> dict[str, Any]:
    """Store the converted file. Return the changed columns of the attachment, or raise `UnreadableFile`."""
    command = _COMMANDS.get(attachment.kind)
    if command is None:
        return {}
    with tempfile.TemporaryDirectory(dir=scratch_folder()) as folder:
        answer = decode(*command, str(source), folder, seconds=CONVERT_SECONDS)
        if "sound" in answer:  # what looked like a video has sound alone
            return {"kind": Attachment.Kind.FILE}
        return _stored(attachment, Path(folder), answer)


def _stored(attachment: Attachment, folder: Path, answer: dict[str, Any]) -> dict[str, Any]:
    converted = folder / answer["file"]
    written = _store(converted)
    content_type = _TYPES[converted.suffix]
    is_renamed = attachment.content_type != content_type
    return {
        "file": written,
        "size": written.size,
        "thumbnail": _store(folder / answer["thumbnail"]) if "thumbnail" in answer else None,
        "content_type": content_type,
        "name": with_suffix(attachment.name, converted.suffix) if is_renamed else attachment.name,
        "width": answer.get("width"),
        "height": answer.get("height"),
        "duration_ms": answer.get("durationMs"),
        "waveform": msgspec.json.encode(answer["waveform"]).decode() if "waveform" in answer else "",
    }


def _store(path: Path) -> StoredFile:
    with path.open("rb") as file:
        return write_file(file, path.stat().st_size)
