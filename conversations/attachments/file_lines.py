"""Write the bytes of a message's files as lines of an export, split into parts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

from conversations.attachments.models import Attachment
from conversations.attachments.storage import open_file
from conversations.models import ChatMessage

PART: Final = 192 * 1024  # bytes; a multiple of three, so that the parts joined are the whole in base64 too


def file_lines(message: ChatMessage) -> Iterator[tuple[str, Any]]:
    """Yield the files that are still in the storage, part by part."""
    rows = Attachment.objects.filter(message=message, file__isnull=False).select_related("file")
    for row in rows.order_by("position") if message.attachments else ():
        assert row.file is not None  # by the filter
        with open_file(row.file.key) as file:
            for number, part in enumerate(iter(lambda: file.read(PART), b"")):
                content = base64.b64encode(part).decode()
                yield "file", {"attachmentId": row.pk, "part": number, "content": content}
