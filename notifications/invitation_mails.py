"""Send the mail that invites an address to a business. Its link is made when it is sent: no stored job contains one."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from chatsite.background.jobs import job
from chatsite.config.queues import ACCOUNT_MAIL_QUEUE
from chatsite.http.site_url import site_url
from chatsite.identity.bidi import isolate
from chatsite.identity.names import display_name, email_field
from conversations.block_rules import blockers_among
from notifications import access
from notifications.delivery.links import invitation_path
from notifications.delivery.mail.composing import one_line
from notifications.models import Invitation

SALT: Final = "notifications.invitation"


def invitation_token(invitation_id: UUID) -> str:
    """It works as long as the invitation is open, and answers no other one."""
    return signing.dumps(str(invitation_id), salt=SALT)


@job(queue=ACCOUNT_MAIL_QUEUE)
def send_invitation(invitation_id: str, language: str) -> None:
    """Send the mail, unless the invitation has been revoked meanwhile, or whoever has the address blocks the inviter.

    The inviter does not learn which. The answer to the invitation was the same.
    """
    open_ones = access.invitations().filter(status=Invitation.Status.PENDING, expires_at__gt=timezone.now())
    invitation = open_ones.filter(pk=invitation_id).exclude(email="").first()
    if invitation is None or _is_blocked(invitation):
        return
    with translation.override(language or settings.LANGUAGE_CODE):
        _compose(invitation).send()


def _is_blocked(invitation: Invitation) -> bool:
    field = email_field()
    if field is None:
        return False
    users = get_user_model()._default_manager.filter(**{f"{field}__iexact": invitation.email})
    return bool(blockers_among(list(users.values_list("pk", flat=True)), invitation.inviter_id))


def _compose(invitation: Invitation) -> EmailMultiAlternatives:
    token = invitation_token(invitation.pk)
    decline = site_url(reverse("decline-by-mail", args=[token]))
    inviter, business = one_line(display_name(invitation.inviter)), one_line(invitation.business.name)
    context: dict[str, Any] = {
        "inviter": isolate(inviter),
        "business": isolate(business),
        "site": urlsplit(settings.SITE_URL).hostname or "",
        "is_owner": invitation.role == "owner",
        "url": site_url(invitation_path(token)),
        "decline_url": decline,
        "until": invitation.expires_at,
        "language": translation.get_language(),
    }
    mail = EmailMultiAlternatives(
        gettext("%(name)s invites you to %(business)s") % {"name": inviter, "business": business},
        render_to_string("mail/invitation.txt", context),
        to=[invitation.email],
        headers={
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "List-Unsubscribe": f"<{decline}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    mail.attach_alternative(render_to_string("mail/invitation.html", context), "text/html")
    return mail
