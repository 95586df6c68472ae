"""Request bodies and wire objects of direct uploads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from conversations.serializers import WireObject


class BeginBody(WireObject, kw_only=True):
    """A file that a client is about to upload. `contentType` is informative: the bytes decide the type."""

    name: str
    size: int
    content_type: str = ""
    kind: str | None = None
    alt: str | None = None


class UploadTarget(WireObject, kw_only=True):
    """Where to upload the file: a form with `fields`, and the file as its last part, `file`."""

    method: str
    url: str
    fields: dict[str, str]
    expires_at: datetime


class BegunUpload(WireObject, kw_only=True):
    id: UUID
    upload: UploadTarget
