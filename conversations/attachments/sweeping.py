"""Delete unused uploads and files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from conversations.attachments.models import Attachment
from conversations.attachments.storage import delete_unreferenced

UNUSED_FOR: Final = timedelta(hours=24)  # an upload that nothing uses is deleted after this time
GROUP: Final = 500  # uploads of one transaction


def sweep_unused_uploads() -> int:
    """Delete the uploads that nothing has used in time, and the files that nothing refers to."""
    unused = Attachment.objects.filter(message=None, canned_answer=None)
    old = unused.filter(created_at__lt=timezone.now() - UNUSED_FOR)
    swept = 0
    while found := _sweep_group(old):
        swept += found
    delete_unreferenced()
    return swept


@transaction.atomic
def _sweep_group(old: Any) -> int:
    group = list(old.select_for_update(skip_locked=True)[:GROUP])
    Attachment.objects.filter(pk__in=[attachment.pk for attachment in group]).delete()
    return len(group)
