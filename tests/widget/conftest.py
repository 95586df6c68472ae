"""A shop with its widget, its owner, and the tokens that the shop's server would sign."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.widget import operations
from chatsite.widget.models import SigningSecret, WidgetSite
from conversations.models import Business, Membership

SHOP = "https://shop.example"


@dataclass
class Shop:
    business: Business
    owner: User
    site: WidgetSite

    @property
    def secret(self) -> SigningSecret:
        return self.site.secrets.latest("pk")


@pytest.fixture(autouse=True)
def alone(settings: Settings) -> None:
    """Use an empty cache."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid4().hex}
    }


def make_shop(**chosen: Any) -> Shop:
    name = f"shop-{uuid4().hex[:10]}"
    business = Business.objects.create(name=f"The {name}", slug=name)
    owner = User.objects.create(username=f"owner-{name}")
    Membership.objects.create(business=business, user=owner, role=Membership.Role.OWNER)
    settings = operations.WidgetSettings(**{"origins": [SHOP], **chosen})
    site, _ = operations.create_site(business=business, chosen=settings)
    return Shop(business, owner, site)


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


def signed(shop: Shop, *, key: str | None = None, algorithm: str = "HS256", **claims: Any) -> str:
    """Return a token of the shop's server in which these claims replace good ones. None leaves a claim out."""
    content = {
        "iss": str(shop.site.pk),
        "aud": "widget",
        "sub": "customer-1",
        "name": "Ada Lovelace",
        "exp": int(time.time()) + 120,
        "jti": uuid4().hex,
        **claims,
    }
    content = {name: value for name, value in content.items() if value is not None}
    # Encoded by hand, because the library's encoder refuses some of the invalid tokens.
    return jwt.PyJWS().encode(json.dumps(content).encode(), key or shop.secret.value, algorithm=algorithm)


Exchange = Callable[..., Any]


@pytest.fixture
def exchange() -> Exchange:
    """Exchange a token for a login."""

    def ask(token: Any, **headers: Any) -> Any:
        return APIClient().post("/widget/sessions", {"token": token}, format="json", **headers)

    return ask


def api(user: User | None = None) -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]
