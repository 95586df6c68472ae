"""All addresses with their methods and all live commands with their fields, from the product's own tables.

The tests of this folder cover every entry, so a new address or command cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import msgspec
from django.urls import URLPattern, URLResolver, get_resolver

from chatsite.realtime.registry import commands
from tests.harness.rest import Json

# Public pages and answers, by the name of their route. All others must require authentication.
PUBLIC: Final = {
    "index",
    "schema",
    "asyncapi",
    "docs",
    "healthz",
    "readyz",
    "sign-in",
    "admin-slash",
    "token",
    "refresh",
    "verify",
    "logout",
    "widget-loader",
    "widget-configuration",
    "widget-frame",
    "widget-demo",
    "widget-session",
    "widget-guest-session",
    "decline-by-mail",  # the token in the address says what; tests/notifications/test_mail_invitations.py
    "rate-by-mail",  # the token in the address says what; tests/away/test_rating_mail.py
    "unsubscribe",  # the token in the address says whose mails; tests/away/test_mail.py
}
# The web page signs in by session, answers HTML and redirects to its sign-in; tests/web has its strangers.
APPS_WITH_THEIR_OWN_DOORS: Final = {"admin", "rest_framework", "web", "widget_pages"}
NO_IDS: Final = {
    "heartbeat",
    "set_attention",
    "sync",
}  # `sync` leaves foreign ids out; tests/conversations/test_sync.py
VALUES: Final[Json] = {
    "content": "let me in",
    "archived": True,
    "emoji": "👍",
    "kind": "summary",
}  # what a command or body needs besides its ids
BODY: Final[Json] = {
    **VALUES,
    "seq": 1,
    "name": "x",
    "scopes": ["messages:read"],
    "code": "private",
    "answersFirst": True,
}
BODY["conversationId"] = str(uuid4())  # so that it is good for any address


@dataclass(frozen=True, order=True)
class Address:
    """One method of one route. `pattern` is Django's, such as `chat/^messages/(?P<pk>[^/.]+)/?$`."""

    pattern: str
    method: str
    name: str

    @property
    def takes_an_id(self) -> bool:
        return PARAMETER.search(self.pattern) is not None

    @property
    def kind(self) -> str:
        """Return the kind of object that the id belongs to, such as `messages`."""
        return self.pattern.split("(", maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1].lstrip("^")

    def path(self, ids: Json) -> str:
        """Return the path with the given ids, or with ids that do not exist."""
        absent = "987654321" if self.kind == "blocks" else str(uuid4())  # the id of a person is a number
        known = {**SAMPLES, **ids}
        filled = GROUP.sub(
            lambda group: known.get(group[1]) or known.get(self.kind) or absent,
            self.pattern,
        )
        return "/" + filled.replace("^", "").removesuffix("/?$")


GROUP: Final = re.compile(r"\(\?P<(\w+)>[^)]*\)")
PARAMETER: Final = re.compile(r"<\w+(:\w+)?>")
SAMPLES: Final = {"emoji": "👍"}  # parameters that are no ids


def addresses() -> list[Address]:
    """Return every address that is not public."""
    return sorted(address for address in _all(get_resolver().url_patterns, "") if address.name not in PUBLIC)


def written_addresses() -> list[Address]:
    """Return every address of the API that takes a body, public ones included."""
    found = _all(get_resolver().url_patterns, "")
    return sorted(address for address in found if address.method in {"POST", "PUT", "PATCH", "DELETE"})


def read_addresses() -> list[Address]:
    """Return every address that answers GET, including the web page and the browsable API."""
    found = _all(get_resolver().url_patterns, "", left_out={"admin"})
    return sorted(address for address in found if address.method == "GET")


def _all(
    patterns: Any, before: str, left_out: Collection[str] = APPS_WITH_THEIR_OWN_DOORS
) -> Iterator[Address]:
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name not in left_out:
                yield from _all(pattern.url_patterns, path, left_out)
        elif isinstance(pattern, URLPattern):
            for method in _methods(pattern.callback):
                yield Address(path, method.upper(), pattern.name or "")


def _methods(view: Any) -> list[str]:
    actions = getattr(view, "actions", None)
    if actions:
        return list(actions)
    view_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if view_class is None:
        return ["get"]  # a function
    known = ("get", "post", "put", "patch", "delete")
    return [method for method in known if hasattr(view_class, method)]


LIVE: Final = sorted(set(commands) - NO_IDS)


def command_data(name: str, ids: Json) -> Json:
    """Return data for a command, made from the names of its fields."""
    data: Json = {}
    for field in msgspec.structs.fields(commands[name].data):
        if field.encode_name == "messageIds":
            data["messageIds"] = [ids["messageId"]]
        elif field.encode_name in ids or field.encode_name in VALUES:
            data[field.encode_name] = ids.get(field.encode_name, VALUES.get(field.encode_name))
        else:
            assert not field.required, f"{name}: what is a good {field.encode_name}?"
    assert data, f"{name} takes no id that this test knows of"
    return data
