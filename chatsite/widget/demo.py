"""The widget of the demo business, and tokens for the page that stands in for its own site."""

from __future__ import annotations

import secrets
import time

import jwt
from django.urls import reverse

from chatsite.widget.host_token import ALGORITHM, AUDIENCE
from chatsite.widget.models import WidgetSite
from chatsite.widget.operations import WidgetSettings, create_site
from conversations import demo
from conversations.models import Business


def add_widget(business: Business) -> str:
    """Create the widget of the business, if there is none."""
    create_site(
        business=business,
        chosen=WidgetSettings(
            guests_allowed=True,
            greeting="Hello! Ask us anything about bicycles.\nWe are here Monday to Saturday, 9 to 18.",
            accent="#0f766e",
        ),
    )
    return f"Widget on a page of another site (while DEBUG is on): {reverse('widget-demo')}"


def sign_visitor(site: WidgetSite, *, subject: str, name: str) -> str:
    """Sign a visitor's token, as the host's own server would."""
    secret = site.secrets.latest("pk")
    claims = {
        "iss": str(site.pk),
        "aud": AUDIENCE,
        "sub": subject,
        "name": name,
        "exp": int(time.time()) + 120,
        "jti": secrets.token_urlsafe(16),
    }
    return jwt.encode(claims, secret.value, algorithm=ALGORITHM)


demo.extensions.append(add_widget)
