"""Users for one test, and their tokens and cookies."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt

from tests.harness.backend import Deployment
from tests.harness.client import AuthMethod, LiveClient
from tests.harness.rest import RestClient

MAKE = """
from django.contrib.auth.models import User
from django.test import Client
from chatsite.identity.operations import open_login
user = User.objects.create(username={name!r}, password="!")
for _ in range(2):
    pair = open_login(user_id=str(user.pk))
    print("login", user.pk, pair.access, pair.refresh)
client = Client()
client.force_login(user)
print("cookie", client.session.session_key)
"""


@dataclass
class Login:
    deployment: Deployment
    user_id: str
    access: str
    refresh: str
    session_key: str

    async def live(
        self, server: int = 0, auth: AuthMethod = "header", token: str | None = None
    ) -> LiveClient:
        url = self.deployment.server(server).live_url
        return await LiveClient.open(url, self.access if token is None else token, auth=auth)

    async def by_cookie(self, server: int = 0, **headers: str) -> LiveClient:
        url = self.deployment.server(server).live_url
        given = {"Cookie": f"sessionid={self.session_key}", **headers}
        return await LiveClient.open(url, auth="none", headers=given)

    def rest(self, server: int = 0) -> RestClient:
        return RestClient(self.deployment.server(server).url, self.access)

    def token(self, **claims: Any) -> str:
        """Return the access token with other claims, signed with the site's key."""
        contents = jwt.decode(self.access, options={"verify_signature": False})
        return jwt.encode(
            {**contents, **claims}, self.deployment.environment["JWT_SECRET"], algorithm="HS256"
        )

    def short_token(self, seconds: int) -> str:
        return self.token(exp=int(time.time()) + seconds)


def make_logins(deployment: Deployment) -> tuple[Login, Login]:
    """Return two logins of one new user."""
    code = MAKE.format(name=f"guest-{uuid4().hex[:10]}")
    printed = deployment.shell(code)
    lines = [line.split() for line in printed.splitlines()]
    pairs = [words[1:] for words in lines if words and words[0] == "login"]
    (session_key,) = [words[1] for words in lines if words and words[0] == "cookie"]
    (user_id, *first), (_, *second) = pairs
    return Login(deployment, user_id, first[0], first[1], session_key), Login(
        deployment, user_id, second[0], second[1], session_key
    )
