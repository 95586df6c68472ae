"""The bodies and answers of direct uploads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from conversations.serializers import WireObject


class BeginBody(WireObject, kw_only=True):
    """What is going to be uploaded. The type is decided by the bytes, so `contentType` is for the record alone."""

    name: str
    size: int
    content_type: str = ""
    kind: str | None = None


class UploadTarget(WireObject, kw_only=True):
    """Where the file goes: a form of `fields` with the file as its last part, `file`."""

    method: str
    url: str
    fields: dict[str, str]
    expires_at: datetime


class BegunUpload(WireObject, kw_only=True):
    id: UUID
    upload: UploadTarget
