"""Request and response bodies of the widget's REST API. Names are camelCase on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from chatsite.identity.accounts import NAME_LENGTH
from chatsite.struct_schema import documented
from chatsite.widget.models import SigningSecret, WidgetSite
from chatsite.widget.operations import WidgetSettings
from chatsite.widget.sessions import Session
from chatsite.widget.visitors import ANSWER_LENGTH
from conversations.models import Side
from conversations.requests import RowId
from conversations.serializers import (
    BusinessObject,
    ConversationObject,
    PersonObject,
    WireObject,
    business_object,
    conversation_object,
    person_object,
)


class SecretHint(WireObject, kw_only=True):
    """A live secret, shown as its last four characters."""

    example = {"hint": "…Xk4Q"}

    id: UUID
    hint: str
    created_at: datetime


class SecretObject(SecretHint, kw_only=True):
    """A new secret. Only this response contains its value."""

    example = {"value": "Zk3Qh2Vb0Qk9w3r8GKYqrTwjUPD8ILPZ"}

    value: str


class SiteObject(WireObject, kw_only=True):
    """A business's widget. Its `id` is the `iss` of the host's tokens."""

    example = {"enabled": True, "origins": ["https://shop.example"], "formQuestion": ""}

    id: UUID
    business_id: UUID
    business: BusinessObject
    enabled: bool
    origins: list[str]
    guests_allowed: bool
    title: str
    greeting: str
    accent: str
    asks_first: bool
    form_question: str
    secrets: list[SecretHint]
    created_at: datetime
    updated_at: datetime


class SiteBody(WidgetSettings, kw_only=True):
    """The business and the first settings of a new widget."""

    business_id: RowId


class SignOutAnswer(WireObject, kw_only=True):
    """The number of visitors who were signed out."""

    visitors: int


class TokenBody(WireObject, kw_only=True):
    """Without `openConversation`, the conversation is null until the visitor opens it."""

    token: str
    open_conversation: bool = True


class GuestBody(WireObject, kw_only=True):
    """`business` is the slug; `guest` is the key of a returning guest.

    The guest gets the `email` once its owner has opened the link that is sent there. `answer` is that to the question
    of the business's form; members see it.
    """

    example = {"business": "northwind-cycles", "name": "Carol"}

    business: str
    guest: str | None = None
    name: Annotated[str, documented(maxLength=NAME_LENGTH)] = ""
    email: str = ""
    answer: Annotated[str, documented(maxLength=ANSWER_LENGTH)] = ""


class PageBody(WireObject, kw_only=True):
    """The page on which the visitor has opened the widget. Its query and its fragment are not kept."""

    example = {"url": "https://shop.example/bicycles", "title": "Bicycles"}

    url: Annotated[str, documented(format="uri")]
    title: str = ""


class SessionObject(WireObject, kw_only=True):
    """The tokens of a login, its user, and the conversation with the business. `guest` is a guest's key.

    `conversation` is null only where the request said `"openConversation": false`.
    """

    access: str
    refresh: str
    user: PersonObject
    conversation: ConversationObject | None
    guest: str | None = None


def secret_hint(secret: SigningSecret) -> SecretHint:
    return SecretHint(id=secret.pk, hint=secret.hint, created_at=secret.created_at)


def secret_object(secret: SigningSecret) -> SecretObject:
    return SecretObject(id=secret.pk, hint=secret.hint, created_at=secret.created_at, value=secret.value)


def site_object(site: WidgetSite) -> SiteObject:
    return SiteObject(
        id=site.pk,
        business_id=site.business_id,
        business=business_object(site.business),
        enabled=site.enabled,
        origins=site.origins,
        guests_allowed=site.guests_allowed,
        title=site.title,
        greeting=site.greeting,
        accent=site.accent,
        asks_first=site.asks_first,
        form_question=site.form_question,
        secrets=[secret_hint(secret) for secret in site.secrets.all()],
        created_at=site.created_at,
        updated_at=site.updated_at,
    )


def session_object(session: Session, guest: str | None = None) -> SessionObject:
    opened = session.conversation
    return SessionObject(
        access=session.tokens.access,
        refresh=session.tokens.refresh,
        user=person_object(session.user),
        conversation=None if opened is None else conversation_object(opened, Side.CUSTOMER),
        guest=guest,
    )
