"""Who sends a message: the side of the conversation, and whether it is a person."""

from __future__ import annotations

from django.db import models


class Side(models.TextChoices):
    """The side of a message's sender. Customer and business each have an unread count, and the system has none."""

    CUSTOMER = "customer"
    BUSINESS = "business"
    SYSTEM = "system"


class SenderKind(models.TextChoices):
    PERSON = "person"
    BOT = "bot"
    SYSTEM = "system"
