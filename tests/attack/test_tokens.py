"""Invalid tokens are refused everywhere: REST, a socket's header, its first frame, Socket.IO, and as tickets."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from websockets.exceptions import InvalidMessage, InvalidStatus

from tests.attack.conftest import SERVERS
from tests.attack.sockets import Refused, Wire
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.client import LiveClient, LiveClosed
from tests.harness.patience import patience
from tests.harness.servers import Server
from tests.realtime.logins import Login, make_logins

pytestmark = pytest.mark.fleet

OTHER_KEY: Final = "another key that is just as long as the real one is, and longer still"


@pytest.fixture(scope="module")
def login(siege: Deployment) -> Login:
    return make_logins(siege)[0]


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forgery:
    def __init__(self, login: Login) -> None:
        self.login = login
        self.header, self.payload, self.signature = login.access.split(".")
        self.claims: dict[str, Any] = jwt.decode(login.access, options={"verify_signature": False})

    def signed(self, key: Any = None, algorithm: str = "HS256", headers: Any = None, **claims: Any) -> str:
        secret = self.login.deployment.environment["JWT_SECRET"]
        contents = {name: value for name, value in {**self.claims, **claims}.items() if value is not None}
        return jwt.encode(contents, secret if key is None else key, algorithm=algorithm, headers=headers)

    def unsigned(self, algorithm: Any) -> str:
        return f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{self.payload}."


RSA: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)

FORGED: dict[str, Callable[[Forgery], str]] = {
    "alg none": lambda it: it.unsigned("none"),
    "alg None": lambda it: it.unsigned("None"),
    "alg nOnE": lambda it: it.unsigned("nOnE"),
    "alg empty": lambda it: it.unsigned(""),
    "alg null": lambda it: it.unsigned(None),
    "alg a list": lambda it: it.unsigned(["HS256"]),
    "none with the old signature": lambda it: it.unsigned("none") + it.signature,
    "HS512 with our key": lambda it: it.signed(algorithm="HS512"),
    "RS256 with a key of theirs": lambda it: it.signed(RSA, "RS256"),
    "the header says RS256": lambda it: f"{encoded({'alg': 'RS256'})}.{it.payload}.{it.signature}",
    "signed with another key": lambda it: it.signed(OTHER_KEY),
    "kid of a file": lambda it: it.signed(OTHER_KEY, headers={"kid": "../../../../dev/null"}),
    "kid of a query": lambda it: it.signed(OTHER_KEY, headers={"kid": "x' UNION SELECT 'key"}),
    "kid of an empty key": lambda it: it.signed(b"\0", headers={"kid": "/dev/zero"}),
    "jwk in the header": lambda it: it.signed(OTHER_KEY, headers={"jwk": {"kty": "oct", "k": "YQ"}}),
    "jku in the header": lambda it: it.signed(OTHER_KEY, headers={"jku": "http://127.0.0.1:1/keys"}),
    "no signature": lambda it: f"{it.header}.{it.payload}.",
    "a signature cut short": lambda it: f"{it.header}.{it.payload}.{it.signature[:-4]}",
    "a refresh token": lambda it: it.login.refresh,
    "typed refresh": lambda it: it.signed(token_type="refresh"),
    "typed sliding": lambda it: it.signed(token_type="sliding"),
    "without a type": lambda it: it.signed(token_type=None),
    "expired": lambda it: it.signed(exp=int(time.time()) - 5),
    "without an end": lambda it: it.signed(exp=None),
    "an end out of range": lambda it: it.signed(exp=2**80),
    "not valid yet": lambda it: it.signed(nbf=int(time.time()) + 600),
    "issued in the future": lambda it: it.signed(iat=int(time.time()) + 600),
    "without a login": lambda it: it.signed(login=None),
    "of nobody": lambda it: it.signed(user_id="999999999"),
    "of a list of users": lambda it: it.signed(user_id=["1"]),
    "NUL": lambda it: "\x00",
    "not ASCII": lambda it: "ключ.ключ.ключ",
    "one long word": lambda it: "a" * 6_000,
    "deep in the header": lambda it: encoded(b"[" * 3_000) + ".e30.AA",
    "a dash": lambda it: "-",
}


async def by_rest(server: Server, token: str) -> str:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(5)) as http:
        headers = {b"Authorization": b"Bearer " + token.encode()}
        answer = await http.get("/auth/me", headers=headers)
    if answer.status_code == 400:  # the server refuses such a header itself
        return "unauthenticated"
    return "open" if answer.status_code == 200 else str(answer.json()["error"]["code"])


async def by_header(server: Server, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    try:
        client = await LiveClient.open(server.live_url, auth="none", headers=headers)
    except (InvalidMessage, InvalidStatus):  # the server refuses such a header itself
        return "unauthenticated"
    async with client:
        try:
            await client.ready()
        except LiveClosed:
            code: str = (await client.expect("error"))["code"]
            assert await client.closed() == 4401
            return code
    return "open"


async def by_frame(server: Server, token: str) -> str:
    async with await Wire.open("native", server) as wire:
        return await _signing_in(wire, token)


async def by_socketio(server: Server, token: str) -> str:
    async with await Wire.open("socketio", server) as wire:
        return await _signing_in(wire, token)


async def _signing_in(wire: Wire, token: str) -> str:
    try:
        await wire.sign_in(token)
    except Refused as refused:
        return refused.code
    await wire.lives()
    return "open"


async def by_ticket(server: Server, token: str) -> str:
    """A token is not accepted as a ticket, whatever its claims are."""
    async with await Wire.open("socketio", server) as wire:
        await wire.socket.send("40/chat," + json.dumps({"ticket": token}))
        text = str(await wire.socket.recv())
        return str(json.loads(text[8:])["data"]["code"]) if text.startswith("44") else "open"


ENTRIES = {
    "rest": by_rest,
    "header": by_header,
    "frame": by_frame,
    "socketio": by_socketio,
    "ticket": by_ticket,
}


@pytest.mark.parametrize("entry", ENTRIES)
async def test_forged_tokens_open_nothing(login: Login, entry: str) -> None:
    forgery = Forgery(login)
    for number in SERVERS:
        server = login.deployment.server(number)
        for name, forge in FORGED.items():
            if name == "NUL" and entry in {"rest", "header"}:
                continue  # no HTTP client sends it
            found = await ENTRIES[entry](server, forge(forgery))
            assert found == "unauthenticated", f"{name} at {entry} of {server.kind}: {found}"
        if entry != "ticket":  # so that the refusals have the stated reason
            assert await ENTRIES[entry](server, forgery.signed(jti=uuid4().hex)) == "open"


STATES = {
    "deactivated": "from chatsite.identity.operations import deactivate_user; deactivate_user(user_id={user!r})",
    "suspended": (
        "from conversations.moderation.operations import suspend_user; "
        "suspend_user(actor=None, user_id={user!r}, reason='x')"
    ),
    "deleted": "from django.contrib.auth.models import User; User.objects.get(pk={user!r}).delete()",
    "every login ended": (
        "from chatsite.identity.operations import end_user_sessions; end_user_sessions(user_id={user!r})"
    ),
}


@pytest.mark.parametrize("state", STATES)
async def test_a_valid_token_of_an_inactive_user_opens_nothing(siege: Deployment, state: str) -> None:
    login = make_logins(siege)[0]
    siege.shell(STATES[state].format(user=login.user_id))
    for number in SERVERS:
        for entry in ("rest", "header", "frame", "socketio"):
            assert await ENTRIES[entry](siege.server(number), login.access) == "unauthenticated", entry


async def test_after_a_logout_none_of_its_tokens_opens_anything(siege: Deployment, people: Cast) -> None:
    login, other = make_logins(siege)
    async with login.rest() as rest:
        rotated = await rest.post("/auth/token/refresh", {"refresh": login.refresh})
        await rest.request("POST", "/auth/logout", {"refresh": login.refresh})
    for number in SERVERS:
        server = siege.server(number)
        for entry in ("rest", "header", "frame", "socketio"):
            for token in (login.access, rotated["access"]):
                assert await ENTRIES[entry](server, token) == "unauthenticated", entry
        assert await by_rest(server, other.access) == "open"
        for refresh in (login.refresh, rotated["refresh"]):
            async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(5)) as http:
                answer = await http.post("/auth/token/refresh", json={"refresh": refresh})
            assert answer.status_code == 401
