"""The labels of a business. Every member may make, rename and delete them."""

from __future__ import annotations

from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.background.jobs import enqueue
from chatsite.errors import DomainError, not_found
from conversations import access
from conversations.access import UserId, object_key
from conversations.models import Business, Label
from conversations.team.access import member_business
from conversations.team.jobs import take_label_off
from conversations.team.naming import clean_color, clean_name
from conversations.team.requests import LabelBody, LabelChanges

MOST_LABELS: Final = 200  # of one business


def labels_of(user_id: UserId, business_id: str) -> QuerySet[Label]:
    return Label.objects.filter(business=member_business(user_id, business_id), removed_at=None)


def make_label(*, user_id: UserId, body: LabelBody) -> Label:
    name, color = clean_name(body.name), clean_color(body.color)
    business = member_business(user_id, body.business_id)
    with transaction.atomic():
        # Of two requests at once, the second counts the label of the first.
        Business.objects.select_for_update(no_key=True).get(pk=business.pk)
        if Label.objects.filter(business=business, removed_at=None).count() >= MOST_LABELS:
            raise DomainError("conflict", f"A business can have at most {MOST_LABELS} labels.")
        return _saved(Label(business=business, name=name, color=color))


def change_label(*, user_id: UserId, label_id: str, body: LabelChanges) -> Label:
    with transaction.atomic():
        label = _find(user_id, label_id)
        if isinstance(body.name, str):
            label.name = clean_name(body.name)
        if isinstance(body.color, str):
            label.color = clean_color(body.color)
        return _saved(label)


def delete_label(*, user_id: UserId, label_id: str) -> None:
    """Remove the label from the list now, and from its conversations by a job."""
    with transaction.atomic():
        label = _find(user_id, label_id)
        label.removed_at = timezone.now()
        label.save(update_fields=["removed_at"])
        enqueue(take_label_off, str(label.pk))


def _find(user_id: UserId, label_id: str) -> Label:
    """Return a label of a business that the user is a member of, locked."""
    mine: Any = access.load_actor(user_id).businesses
    rows = Label.objects.select_for_update(no_key=True).filter(business_id__in=mine, removed_at=None)
    label = rows.filter(pk=object_key(label_id, "label")).first()
    if label is None:
        raise not_found("label")
    return label


def _saved(label: Label) -> Label:
    try:
        with transaction.atomic():
            label.save()
    except IntegrityError as error:
        raise DomainError("conflict", "The business already has a label with this name.") from error
    return label
