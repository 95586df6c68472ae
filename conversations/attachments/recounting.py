"""Compare what businesses store with the numbers that sends go by, and correct the numbers.

A claim adds to the numbers. What a deletion, a conversion or the undo of an import changes is corrected here.
"""

from __future__ import annotations

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from chatsite.config.limits import limits
from conversations.attachments.models import Attachment, StorageUse
from conversations.business_models import Business


def recount_fuller_half() -> None:
    """Recount the businesses that use half of a quota or more, so that deletions soon make room."""
    most = limits()
    is_full = Q(bytes__gte=most.business_attachment_bytes // 2) | Q(files__gte=most.business_attachments // 2)
    _recount(is_full)


def recount_all() -> None:
    """Recount every business, also those without a number."""
    has_files = Exists(Attachment.objects.filter(business=OuterRef("pk")))
    is_counted = Exists(StorageUse.objects.filter(business=OuterRef("pk")))
    new = Business.objects.filter(has_files, ~is_counted).values_list("pk", flat=True)
    StorageUse.objects.bulk_create([StorageUse(business_id=key) for key in new], ignore_conflicts=True)
    _recount(Q())


def _recount(which: Q) -> None:
    """Correct each row by the difference that one statement has seen, so that no claim has to wait meanwhile."""
    kept = Attachment.objects.filter(business=OuterRef("pk"), file__isnull=False).order_by()
    of_business = kept.values("business")
    real_bytes = Coalesce(Subquery(of_business.annotate(found=Sum("size")).values("found")), 0)
    real_files = Coalesce(Subquery(of_business.annotate(found=Count("pk")).values("found")), 0)
    for key in list(StorageUse.objects.filter(which).values_list("pk", flat=True)):
        seen = StorageUse.objects.filter(pk=key).annotate(
            more_bytes=real_bytes - F("bytes"), more_files=real_files - F("files")
        )
        for more_bytes, more_files in list(seen.values_list("more_bytes", "more_files")):
            if more_bytes or more_files:
                StorageUse.objects.filter(pk=key).update(
                    bytes=F("bytes") + more_bytes, files=F("files") + more_files
                )
