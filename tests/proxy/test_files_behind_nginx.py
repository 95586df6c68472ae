"""nginx sends the files that the site names, with the headers that make them harmless."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from chatsite.config.attachments import file_system, s3
from conversations import operations
from conversations.attachments.models import StoredFile
from tests.attachments.contents import PDF
from tests.attachments.files import Scene
from tests.harness.patience import patience
from tests.harness.rest import NO_TLS
from tests.harness.services import ServiceMissing
from tests.proxy.nginx import Nginx

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]

HARMLESS = {
    "x-content-type-options": "nosniff",
    "content-type": "application/octet-stream",
    "content-disposition": "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf",
    "cache-control": "private, no-cache",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture
def storage(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    settings.STORAGES = {**settings.STORAGES, "attachments": file_system(folder)}
    settings.ATTACHMENTS_SERVE = "accel"
    settings.ALLOWED_HOSTS = ["*"]
    return folder


@pytest.fixture
def nginx(storage: Path, tmp_path: Path, live_server: Any) -> Iterator[httpx.Client]:
    def publish(configuration: str) -> str:
        return configuration.replace("alias /media/attachments/;", f"alias {storage}/;")

    folder = tmp_path / "nginx"
    folder.mkdir()
    try:
        running = Nginx(folder, [urlsplit(live_server.url).port or 0], publish)
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED behind nginx: {missing}")
    with (
        running,
        httpx.Client(base_url=running.url, trust_env=False, verify=NO_TLS, timeout=patience(20)) as http,
    ):
        yield http


def test_nginx_sends_what_the_site_names(nginx: httpx.Client, settings: Any) -> None:
    scene = Scene()
    message = scene.sent()
    address = message["attachments"][0]["url"]
    whole = nginx.get(address)
    assert (whole.status_code, whole.content) == (200, PDF)
    assert {name: whole.headers.get(name) for name in HARMLESS} == HARMLESS
    assert "sandbox" in whole.headers["content-security-policy"]
    part = nginx.get(address, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, PDF[5:10])
    assert nginx.get(address, headers={"If-None-Match": whole.headers["etag"]}).status_code in {200, 304}
    for key in StoredFile.objects.values_list("key", flat=True):
        assert nginx.get(f"/-/attachments/{key}").status_code == 404
    assert nginx.get(address.partition("?")[0]).status_code == 401

    settings.ATTACHMENTS_ORIGIN = "http://files.example"
    elsewhere = nginx.get(address, headers={"Host": "files.example"})
    assert (elsewhere.content, elsewhere.headers["cross-origin-resource-policy"]) == (PDF, "cross-origin")

    operations.delete_message(user_id=scene.customer.pk, message_id=message["id"])
    assert nginx.get(address, headers={"Host": "files.example"}).status_code == 404


def test_a_redirect_to_the_bucket_passes_through(nginx: httpx.Client, settings: Any) -> None:
    moto = ThreadedMotoServer("127.0.0.1", 0)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        entry = s3(f"s3://key:secret@{host}:{port}/redirected-files?region=eu-central-1&insecure=1")
        settings.STORAGES = {**settings.STORAGES, "attachments": entry}
        settings.ATTACHMENTS_SERVE = "redirect"
        client = storages["attachments"].connection.meta.client  # type: ignore[attr-defined]
        client.create_bucket(
            Bucket="redirected-files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        message = Scene().sent()
        answer = nginx.get(message["attachments"][0]["url"])
        assert answer.status_code == 302
        assert urlsplit(answer.headers["location"]).netloc == f"{host}:{port}"
        assert httpx.get(answer.headers["location"], trust_env=False, timeout=patience(5)).content == PDF
    finally:
        moto.stop()
