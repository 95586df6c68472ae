"""The people of the tests. Northwind Cycles sells bicycles: olivia owns it, amir answers for it; carol, dave and erin
are customers; outsider has nothing to do with any of them. Newcomers are customers whom no other test has met."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Final, Protocol, Self

from tests.harness.backend import Deployment
from tests.harness.client import Door, LiveClient
from tests.harness.rest import Json, RestClient

PASSWORD: Final = "demo-pass-1"
BUSINESS: Final = "Northwind Cycles"
EVERYBODY: Final = ("olivia", "amir", "carol", "dave", "erin", "outsider")

# Each of the names is a user, made where there is none, and logged in: a password check for each would take longer than
# most tests. Logging in by password has tests of its own.
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
    """What the cast of one deployment keeps from test to test: who exists, and their logins."""

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
        """The access token of each who is logged in."""
        return {name: login.access for name, login in self.logins.items()}

    def hire_newcomers(self) -> None:
        """Sees to it that there are some. They are made by the dozen."""
        if not self.newcomers:
            self.newcomers = [f"customer-{secrets.token_hex(4)}" for _ in range(24)]
            self.log_in(self.newcomers)

    def newcomer(self) -> str:
        """Each test takes one of its own."""
        self.hire_newcomers()
        return self.newcomers.pop()


class Closable(Protocol):
    def close(self) -> Awaitable[None]: ...


class Person:
    """One user, whose clients talk to the server process `home` unless told otherwise. The login is one for a whole
    run, so a test that ends it takes a newcomer."""

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

    async def live(self, server: int | None = None, *, door: Door = "header") -> LiveClient:
        """One more device of this user, that hears from now on of all that concerns the user."""
        where = self._stage.deployment.server(self.home if server is None else server)
        client = await LiveClient.open(where.live_url, self.access, door=door)
        self._props.append(client)
        return await client.ready()

    async def send(self, conversation_id: str, content: str, **more: str | None) -> Json:
        """A message over REST."""
        return await self.rest.post(
            f"/chat/conversations/{conversation_id}/messages", {"content": content, **more}
        )


class Cast:
    """The people of one test. Customers and staff live on different server processes where there are several, so
    that a test of two people is a test across processes. Everything they opened is closed at the end."""

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
        """Somebody who is logged in on this stage."""
        return Person(self.stage, name, home, self._props)

    async def newcomer(self, home: int = 0) -> Person:
        """A customer with no history, whose conversation belongs to this test alone."""
        return self.person(self.stage.newcomer(), home)

    async def conversation(self, customer: Person) -> Json:
        """The customer's conversation with the business, as the customer sees it; made where there is none."""
        return await customer.rest.post("/chat/conversations", {"businessId": self.business_id})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for prop in reversed(self._props):
            await prop.close()
