"""Request bodies and wire objects of direct uploads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from chatsite.struct_schema import documented
from conversations.serializers import WireObject


class BeginBody(WireObject, kw_only=True):
    """A file that a client is about to upload. `contentType` is informative: the bytes decide the type."""

    example = {"name": "bicycle.jpg", "size": 48213, "contentType": "image/jpeg"}

    name: Annotated[str, documented(minLength=1)]
    size: Annotated[int, documented(minimum=1, maximum="attachment_bytes")]
    content_type: str = ""
    kind: Annotated[str, documented(enum=["voice"])] | None = None
    alt: Annotated[str, documented(maxLength="alt_length")] | None = None


class UploadTarget(WireObject, kw_only=True):
    """Where to upload the file: a form with `fields`, and the file as its last part, `file`."""

    example = {"method": "POST", "url": "https://files.example/", "fields": {"key": "uploads/019a2b3c"}}

    method: str
    url: str
    fields: dict[str, str]
    expires_at: datetime


class BegunUpload(WireObject, kw_only=True):
    id: UUID
    upload: UploadTarget
