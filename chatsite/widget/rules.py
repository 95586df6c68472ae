"""A widget's visitors talk to the widget's business and to nobody else: its host could make any number of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models.signals import pre_save

from chatsite.errors import DomainError, not_found
from chatsite.widget.models import ExternalIdentity
from conversations import access
from conversations.access import UserId
from conversations.models import Membership


def only_its_business(customer_id: UserId, business_id: UUID) -> None:
    bound = ExternalIdentity.objects.filter(user_id=customer_id).values_list("site__business_id", flat=True)
    own = bound.first()
    if own is not None and own != business_id:
        raise not_found("business")


def refuse_membership(sender: Any, instance: Membership, **kwargs: Any) -> None:
    """A visitor's account is opened by a host's word or a guest's key, so it never speaks for a business.

    Every way to a membership saves one: invitations, Django admin, `appoint`, a shell.
    """
    bound = ExternalIdentity.objects.filter(user_id=instance.user_id)
    if instance._state.adding and bound.exclude(site__business_id=instance.business_id).exists():
        raise DomainError("conflict", "A widget's visitor cannot become a member of another business.")


pre_save.connect(refuse_membership, sender=Membership, dispatch_uid="chatsite.widget.refuse_membership")
access.customer_rules.append(only_its_business)
