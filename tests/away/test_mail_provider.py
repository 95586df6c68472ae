"""The answers of a mail provider's API mean the same as those of a mail server. The provider is a real HTTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from tests.away.conftest import Shop

TEN_MINUTES = 601
TAKEN = {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "To": "carol@mail.example"}
INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to recipients that have all been marked as inactive. "
    "Found inactive addresses: carol@mail.example. Inactive recipients are ones that have generated a hard bounce.",
}


class Provider:
    """Postmark's API. It takes mails until a test sets another answer."""

    def __init__(self) -> None:
        self.status, self.answer = 200, TAKEN
        self.mails: list[dict[str, Any]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                mail = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if provider.status == 200:
                    provider.mails.append(mail)
                body = json.dumps(provider.answer).encode()
                self.send_response(provider.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    made = Provider()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": made.url}
    yield made
    made.close()


@pytest.mark.parametrize(
    ("status", "answer"), [(400, {}), (413, {}), (422, INACTIVE)], ids=["bad", "too large", "inactive"]
)
def test_a_mail_that_the_provider_will_never_take_is_not_tried_again(
    shop: Shop, provider: Provider, status: int, answer: dict[str, Any]
) -> None:
    provider.status, provider.answer = status, answer
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    assert shop.decisions(shop.carol) == [("email", "failed", "refused")]
    provider.status, provider.answer = 200, TAKEN
    shop.pass_seconds(TEN_MINUTES)
    assert provider.mails == []


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_mail_that_the_provider_may_take_later_is_tried_again(
    shop: Shop, provider: Provider, status: int
) -> None:
    provider.status, provider.answer = status, {}
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    assert shop.decisions(shop.carol) == [("email", "pending", "")]
    provider.status, provider.answer = 200, TAKEN
    shop.work()
    assert [mail["To"] for mail in provider.mails] == ["carol@mail.example"]
    assert shop.decisions(shop.carol) == [("email", "sent", "sent")]


def test_a_provider_that_cannot_be_reached_gets_the_mail_later(
    shop: Shop, provider: Provider, settings: Settings
) -> None:
    reachable = settings.ANYMAIL
    settings.ANYMAIL = {**reachable, "POSTMARK_API_URL": "http://127.0.0.1:1/"}
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    assert shop.decisions(shop.carol) == [("email", "pending", "")]
    settings.ANYMAIL = reachable
    shop.work()
    assert len(provider.mails) == 1


def test_an_answer_that_nobody_understands_causes_no_second_mail(shop: Shop, provider: Provider) -> None:
    provider.answer = {"ErrorCode": 0}
    shop.say(shop.amir, "Hello")
    with pytest.raises(Exception, match="Invalid Postmark API response"):
        shop.pass_seconds(TEN_MINUTES)
    shop.pass_seconds(TEN_MINUTES)
    assert len(provider.mails) == 1
    assert shop.decisions(shop.carol) == [("email", "unknown", "interrupted")]


def test_an_address_that_is_none_is_refused(shop: Shop, provider: Provider) -> None:
    shop.carol.email = "carol jensen@mail.example"
    shop.carol.save()
    shop.say(shop.amir, "Hello")
    shop.pass_seconds(TEN_MINUTES)
    assert provider.mails == []
    assert shop.decisions(shop.carol) == [("email", "failed", "refused")]
