"""The people of the tests.

Northwind Cycles sells bicycles. olivia owns it, and amir is a member. carol, dave and erin are customers. outsider is
a stranger to all of them. Newcomers are customers that no other test uses.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Final, Protocol, Self

from tests.harness.backend import Deployment
from tests.harness.client import AuthMethod, LiveClient
from tests.harness.rest import Json, RestClient

PASSWORD: Final = "demo-pass-1"
BUSINESS: Final = "Northwind Cycles"
EVERYBODY: Final = ("olivia", "amir", "carol", "dave", "erin", "outsider")

# Each name is a user. Missing users are created, and all are logged in here, because a password check for each would
# take longer than most tests. Logging in by password has its own tests.
LOG_IN: Final = """
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from chatsite.identity.operations import open_login
password = make_password({password!r})
for name in {names!r}:
    user, _ = get_user_model().objects.get_or_create(username=name, defaults={{"password": password}})
    print("login", name, user.pk, open_login(user_id=str(user.pk)).access)
"""

SET_UP: Final = """
from django.core.management import call_command
from conversations.models import Business
call_command("demo", "--force")
print("business", Business.objects.get(name={name!r}).pk)
"""


@dataclass(frozen=True)
class Login:
    user_id: str
    access: str


@dataclass
class Stage:
    """What the cast of one deployment keeps between tests: the users, and their logins."""

    deployment: Deployment
    business_id: str
    logins: dict[str, Login] = field(default_factory=dict)
    newcomers: list[str] = field(default_factory=list)

    @classmethod
    def set_up(cls, deployment: Deployment) -> Self:
        answer = deployment.shell(SET_UP.format(name=BUSINESS))
        stage = cls(deployment, answer.split()[-1])
        stage.log_in([*EVERYBODY])
        return stage

    def log_in(self, names: list[str]) -> None:
        for line in self.deployment.shell(LOG_IN.format(names=names, password=PASSWORD)).splitlines():
            _, name, user_id, access = line.split()
            self.logins[name] = Login(user_id, access)

    @property
    def access(self) -> dict[str, str]:
        """Return the access token of each person who is logged in."""
        return {name: login.access for name, login in self.logins.items()}

    def hire_newcomers(self) -> None:
        """Create newcomers by the dozen if there are too few."""
        if not self.newcomers:
            self.newcomers = [f"customer-{secrets.token_hex(4)}" for _ in range(24)]
            self.log_in(self.newcomers)

    def newcomer(self) -> str:
        """Return a newcomer for one test."""
        self.hire_newcomers()
        return self.newcomers.pop()


class Closable(Protocol):
    def close(self) -> Awaitable[None]: ...


class Person:
    """A user, whose clients use the server process `home` by default.

    The login lasts for the whole run, so a test that ends a login must use a newcomer.
    """

    def __init__(self, stage: Stage, name: str, home: int, props: list[Closable]) -> None:
        self.name = name
        self.home = home
        self.id = stage.logins[name].user_id
        self.access = stage.logins[name].access
        self._stage = stage
        self._props = props

    @cached_property
    def rest(self) -> RestClient:
        return self.rest_on(self.home)

    def rest_on(self, server: int) -> RestClient:
        client = RestClient(self._stage.deployment.server(server).url, self.access)
        self._props.append(client)
        return client

    async def live(self, server: int | None = None, *, auth: AuthMethod = "header") -> LiveClient:
        """Open another device of this user, and wait until it gets all events that concern the user."""
        where = self._stage.deployment.server(self.home if server is None else server)
        client = await LiveClient.open(where.live_url, self.access, auth=auth)
        self._props.append(client)
        return await client.ready()

    async def send(self, conversation_id: str, content: str, **more: str | None) -> Json:
        """Send a message over REST."""
        return await self.rest.post(
            f"/chat/conversations/{conversation_id}/messages", {"content": content, **more}
        )


class Cast:
    """The people of one test.

    Customers and members use different server processes if there are several, so a test of two people is also a test
    of two processes. Everything that they opened is closed at the end.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.business_id = stage.business_id
        self._props: list[Closable] = []
        self.carol = self.person("carol", 0)
        self.dave = self.person("dave", 0)
        self.erin = self.person("erin", 0)
        self.olivia = self.person("olivia", 1)
        self.amir = self.person("amir", 2)
        self.outsider = self.person("outsider", 1)

    def person(self, name: str, home: int) -> Person:
        """Return a person who is logged in."""
        return Person(self.stage, name, home, self._props)

    async def newcomer(self, home: int = 0) -> Person:
        """Return a customer without history, whose conversation only this test uses."""
        return self.person(self.stage.newcomer(), home)

    async def conversation(self, customer: Person) -> Json:
        """Return the customer's conversation with the business, as the customer sees it.

        Create it if there is none.
        """
        return await customer.rest.post("/chat/conversations", {"businessId": self.business_id})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for prop in reversed(self._props):
            await prop.close()
