"""The people of the tests. Northwind Cycles sells bicycles: olivia owns it, amir answers for it; carol, dave and erin
are customers; outsider has nothing to do with any of them. Newcomers are customers whom no other test has met."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Protocol, Self

from tests.harness.backend import Deployment
from tests.harness.client import Door, LiveClient
from tests.harness.rest import Json, RestClient

PASSWORD: Final = "demo-pass-1"
BUSINESS: Final = "Northwind Cycles"

MAKE_USERS = """
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
password = make_password({password!r})
for name in {names!r}:
    get_user_model().objects.get_or_create(username=name, defaults={{"password": password}})
"""

READ_BUSINESS = """
from conversations.models import Business
print("business", Business.objects.get(name={name!r}).pk)
"""


@dataclass
class Stage:
    """What the cast of one deployment keeps from test to test: who exists, and their logins."""

    deployment: Deployment
    business_id: str
    access: dict[str, str] = field(default_factory=dict)
    newcomers: list[str] = field(default_factory=list)

    @classmethod
    def set_up(cls, deployment: Deployment) -> Self:
        deployment.manage("demo", "--force")
        answer = deployment.manage("shell", "--verbosity", "0", "-c", READ_BUSINESS.format(name=BUSINESS))
        stage = cls(deployment, answer.split()[-1])
        stage.make_users(["outsider"])
        return stage

    def make_users(self, names: list[str]) -> None:
        code = MAKE_USERS.format(names=names, password=PASSWORD)
        self.deployment.manage("shell", "--verbosity", "0", "-c", code)

    def newcomer(self) -> str:
        """Users are made by the dozen, since each command costs a second and each test wants one of its own."""
        if not self.newcomers:
            self.newcomers = [f"customer-{secrets.token_hex(4)}" for _ in range(48)]
            self.make_users(self.newcomers)
        return self.newcomers.pop()


class Closable(Protocol):
    def close(self) -> Awaitable[None]: ...


class Person:
    """One user, whose clients talk to the server process `home` unless told otherwise."""

    def __init__(self, stage: Stage, name: str, home: int, props: list[Closable]) -> None:
        self.name = name
        self.home = home
        self.id = ""
        self.access = ""
        self._stage = stage
        self._props = props

    async def enter(self) -> Self:
        """Logs in on the first entrance of the run, and uses the same token from then on."""
        self.rest = self.rest_on(self.home)
        if self.name not in self._stage.access:
            await self.rest.login(self.name, PASSWORD)
            self._stage.access[self.name] = self.rest.access or ""
        self.access = self._stage.access[self.name]
        self.rest.use(self.access)
        self.id = (await self.rest.get("/auth/me"))["id"]
        return self

    def rest_on(self, server: int) -> RestClient:
        client = RestClient(self._stage.deployment.server(server).url, self.access or None)
        self._props.append(client)
        return client

    async def live(self, server: int | None = None, *, door: Door = "header") -> LiveClient:
        """One more device of this user."""
        where = self._stage.deployment.server(self.home if server is None else server)
        client = await LiveClient.open(where.live_url, self.access, door=door)
        self._props.append(client)
        return client

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
        self.carol = self._person("carol", 0)
        self.dave = self._person("dave", 0)
        self.erin = self._person("erin", 0)
        self.olivia = self._person("olivia", 1)
        self.amir = self._person("amir", 2)
        self.outsider = self._person("outsider", 1)

    def _person(self, name: str, home: int) -> Person:
        return Person(self.stage, name, home, self._props)

    async def newcomer(self, home: int = 0) -> Person:
        """A customer with no history, whose conversation belongs to this test alone."""
        return await self._person(self.stage.newcomer(), home).enter()

    async def conversation(self, customer: Person) -> Json:
        """The customer's conversation with the business, as the customer sees it; made where there is none."""
        return await customer.rest.post("/chat/conversations", {"businessId": self.business_id})

    async def __aenter__(self) -> Self:
        for person in (self.carol, self.dave, self.erin, self.olivia, self.amir, self.outsider):
            await person.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for prop in reversed(self._props):
            await prop.close()
