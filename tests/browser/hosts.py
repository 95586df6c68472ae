"""A business's own site: pages on another origin than the chat, with a policy that allows only the chat."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

import jwt

from tests.harness.backend import Deployment

VIEWPORT: Final = '<meta name="viewport" content="width=device-width, initial-scale=1">'

MAKE_SHOP = """
from django.contrib.auth.models import User
from chatsite.identity.operations import open_login
from chatsite.widget.operations import WidgetSettings, create_site
from conversations.models import Business, Membership
business = Business.objects.create(name={name!r}, slug={slug!r})
owner = User.objects.create(username={slug!r}, first_name="Olga")
Membership.objects.create(business=business, user=owner, role="owner")
site, _ = create_site(business=business, chosen=WidgetSettings({chosen}))
print("made", business.pk, site.pk, site.secrets.first().value, open_login(user_id=str(owner.pk)).access)
"""


@dataclass
class WidgetShop:
    """A business with a widget on a deployment, and the secret that its server knows."""

    slug: str
    business_id: str
    site_id: str
    secret: str
    owner_access: str

    @classmethod
    def make(cls, deployment: Deployment, *, name: str = "Tea & Co", **chosen: Any) -> Self:
        slug = f"tea-{secrets.token_hex(4)}"
        settings = ", ".join(f"{key}={value!r}" for key, value in chosen.items())
        code = MAKE_SHOP.format(name=name, slug=slug, chosen=settings)
        printed = deployment.shell(code)
        line = next(line for line in printed.splitlines() if line.startswith("made "))
        return cls(slug, *line.split()[1:])

    def sign(self, subject: str, name: str) -> str:
        """Return the token that the business's server puts on the page for a signed-in visitor."""
        claims = {
            "iss": self.site_id,
            "aud": "widget",
            "sub": subject,
            "name": name,
            "exp": int(time.time()) + 240,
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(claims, self.secret, algorithm="HS256")


@dataclass
class HostSite:
    """Serves `pages` on its own port as `localhost`. To a browser this is another site than the chat at 127.0.0.1."""

    chat: str
    pages: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, *args: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def origin(self) -> str:
        return f"http://localhost:{self._server.server_address[1]}"

    def page(self, path: str, body: str, head: str = "") -> str:
        self.pages[path] = (
            f'<!doctype html><html lang="en"><head>{VIEWPORT}{head}<title>Host</title></head><body>{body}</body></html>'
        )
        return self.origin + path

    def with_widget(self, path: str, shop: WidgetShop, head: str = "", **data: str) -> str:
        attributes = "".join(f' data-{name}="{value}"' for name, value in data.items())
        script = (
            f'<script async src="{self.chat}/widget/v1.js" data-business="{shop.slug}"{attributes}></script>'
        )
        return self.page(path, f"<h1>Tea</h1><button>Buy</button>{script}", head)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = self.pages.get(request.path)
        request.send_response(200 if body is not None else 204)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        policy = f"default-src 'none'; script-src {self.chat}; frame-src {self.chat}; style-src 'self'; img-src 'self'"
        request.send_header("Content-Security-Policy", f"{policy}; require-trusted-types-for 'script'")
        request.end_headers()
        request.wfile.write((body or "").encode())
