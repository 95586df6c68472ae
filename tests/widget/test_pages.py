"""The files that browsers load, and their headers."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.widget.conftest import Shop, make_shop


def policy(response: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def frame(shop: Shop, **headers: str) -> Any:
    return Client().get(f"/widget/frame/{shop.business.slug}", **headers)  # type: ignore[arg-type]


def test_the_frame_may_be_framed_by_exactly_the_listed_origins(db: None) -> None:
    shop = make_shop(origins=["https://shop.example", "https://*.shop.example:8443"])
    answer = frame(shop)
    rules = policy(answer)
    assert rules["frame-ancestors"] == "https://shop.example https://*.shop.example:8443"
    assert "X-Frame-Options" not in answer
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert (
        rules["default-src"] == rules["object-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    )
    assert rules["connect-src"] == "'self' ws://testserver"
    assert rules["media-src"] == "'self' blob:"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not answer.cookies


def test_without_origins_nobody_frames_it(db: None) -> None:
    assert policy(frame(make_shop(origins=[])))["frame-ancestors"] == "'none'"


def test_while_developing_this_machine_may_too(shop: Shop, settings: Settings) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    rules = policy(frame(shop, HTTP_HOST="127.0.0.1:8000"))
    assert rules["frame-ancestors"] == "https://shop.example http://localhost:8000 http://127.0.0.1:8000"


def test_unknown_and_disabled_look_the_same(shop: Shop) -> None:
    unknown = Client().get("/widget/frame/nobody")
    shop.site.enabled = False
    shop.site.save()
    for answer, other in (
        (frame(shop), unknown),
        (Client().get(f"/widget/config/{shop.business.slug}.js"), unknown),
    ):
        assert answer.status_code == 404
        assert answer.json() == other.json() == {"error": {"code": "not_found", "message": "No such page."}}


def test_texts_of_the_business_are_texts(db: None) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    shop = make_shop(title="<b>x</b>", greeting=evil)
    shop.business.name = evil
    shop.business.save()
    page = frame(shop).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert evil in unescape(page)
    module = Client().get(f"/widget/config/{shop.business.slug}.js").content.decode()
    assert (
        json.loads(module.removeprefix("export default ").rstrip(";\n"))["texts"]["panel"]
        == "Chat with <b>x</b>"
    )


def test_the_loader_is_kept_and_asked_about(db: None) -> None:
    first = Client().get("/widget/v1.js")
    assert first["Content-Type"].startswith("text/javascript")
    assert first["Cache-Control"] == "public, max-age=3600"
    assert first["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(first.content) < 6_000
    assert Client().get("/widget/v1.js", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_the_configuration_is_a_module_for_any_origin(shop: Shop) -> None:
    answer = Client().get(f"/widget/config/{shop.business.slug}.js")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Content-Type"].startswith("text/javascript")
    content = json.loads(answer.content.decode().removeprefix("export default ").rstrip(";\n"))
    assert content["origins"] == ["https://shop.example"]
    assert shop.secret.value not in answer.content.decode()


def test_the_stand_in_host_is_for_developing_only(shop: Shop, settings: Settings) -> None:
    assert Client().get("/widget/demo").status_code == 404
    settings.DEBUG = True
    assert Client().get("/widget/demo").status_code == 404  # there is no demonstration business
    shop.business.slug = "northwind-cycles"
    shop.business.save()
    page = Client().get("/widget/demo?visitor=<b>Eve</b>")
    assert page.status_code == 200
    assert "<b>Eve</b>" not in page.content.decode()
    assert policy(page)["script-src"] == policy(page)["frame-src"] == "http://testserver"
    assert policy(page)["connect-src"] == "'none'"


@pytest.mark.parametrize("path", ["/widget/v1.js", "/widget/config/x.js", "/widget/frame/x", "/widget/demo"])
def test_only_reading(db: None, path: str) -> None:
    assert Client().post(path).status_code == 405
