"""The labels of a business. Every member may make, rename and delete them."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.background.jobs import enqueue
from conversations.access import UserId
from conversations.models import Label
from conversations.team.access import member_business
from conversations.team.jobs import take_label_off
from conversations.team.named_rows import check_number, find_named, save_named
from conversations.team.naming import clean_color, clean_name
from conversations.team.requests import LabelBody, LabelChanges

MOST_LABELS: Final = 200  # of one business


def labels_of(user_id: UserId, business_id: str) -> QuerySet[Label]:
    return Label.objects.filter(business=member_business(user_id, business_id), removed_at=None)


def make_label(*, user_id: UserId, body: LabelBody) -> Label:
    name, color = clean_name(body.name), clean_color(body.color)
    business = member_business(user_id, body.business_id)
    with transaction.atomic():
        check_number(Label, business, most=MOST_LABELS, kinds="labels")
        return save_named(Label(business=business, name=name, color=color), "label")


def change_label(*, user_id: UserId, row_id: str, body: LabelChanges) -> Label:
    with transaction.atomic():
        label = find_named(Label, user_id, row_id, "label")
        if isinstance(body.name, str):
            label.name = clean_name(body.name)
        if isinstance(body.color, str):
            label.color = clean_color(body.color)
        return save_named(label, "label")


def delete_label(*, user_id: UserId, row_id: str) -> None:
    """Remove the label from the list now, and from its conversations by a job."""
    with transaction.atomic():
        label = find_named(Label, user_id, row_id, "label")
        label.removed_at = timezone.now()
        label.save(update_fields=["removed_at"])
        enqueue(take_label_off, str(label.pk))
