"""Two people exchange an iPhone photo, a large document and a voice message in the page.

Once on the default site, and once on PostgreSQL, Redis and S3 behind nginx. Nothing that is stored has the location
of the photos.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer
from playwright.async_api import expect

from tests.browser.conftest import COOKIE_RULES, OPEN_SESSION, OpenPage
from tests.browser.files import attach, heic_photo, is_drawn, pdf, picture
from tests.browser.shell import pane, ready
from tests.browser.test_voice_messages import record
from tests.browser.threads import ThreadPage
from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Stage
from tests.harness.rest import eventually
from tests.harness.servers import ServerKind
from tests.harness.services import PostgreSQL, ServiceMissing
from tests.proxy.nginx import Nginx

pytestmark = pytest.mark.whole_browser  # it records

LARGE: Final = 20 * 1024 * 1024
REGION: Final = "eu-central-1"

Copy = Callable[[Path], None]  # copies everything that is stored into a folder


class Bucket:
    """Its name is that of no other test, because moto keeps the buckets of all its servers in one process."""

    def __init__(self, server: str) -> None:
        self.url = f"s3://key:secret@{server}/exchanged-files?region={REGION}&insecure=1"
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": REGION}
        self._client: Any = boto3.client("s3", endpoint_url=f"http://{server}", **keys)
        self._client.create_bucket(
            Bucket="exchanged-files", CreateBucketConfiguration={"LocationConstraint": REGION}
        )

    def copy(self, folder: Path) -> None:
        listed = self._client.list_objects_v2(Bucket="exchanged-files").get("Contents", [])
        for number, found in enumerate(listed):
            self._client.download_file("exchanged-files", found["Key"], str(folder / str(number)))


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    moto = ThreadedMotoServer("127.0.0.1", 0)
    moto.start()
    host, port = moto.get_host_and_port()
    yield Bucket(f"{host}:{port}")
    moto.stop()


@pytest.fixture
def on_s3(tmp_path: Path, postgres: PostgreSQL, bucket: Bucket) -> Iterator[Deployment]:
    kinds: tuple[ServerKind, ...] = ("daphne", "uvicorn")
    with Deployment.services(tmp_path, postgres, kinds=kinds, ATTACHMENTS_STORAGE=bucket.url) as deployment:
        deployment.start_worker()
        yield deployment


@pytest.fixture
def nginx(on_s3: Deployment, tmp_path: Path) -> Iterator[Nginx]:
    folder = tmp_path / "nginx"
    folder.mkdir()
    try:
        running = Nginx(folder, [urlsplit(server.url).port or 0 for server in on_s3.servers])
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED behind nginx: {missing}")
    with running:
        yield running


async def test_on_the_default_site(embedded_stage: Stage, open_page: OpenPage, tmp_path: Path) -> None:
    deployment = embedded_stage.deployment
    stored = Path(deployment.environment["MEDIA_ROOT"])

    def copy(folder: Path) -> None:
        shutil.copytree(stored, folder, dirs_exist_ok=True)

    await exchange(embedded_stage, deployment.server(0).url, open_page, tmp_path, copy)


async def test_on_postgresql_redis_and_s3_behind_nginx(
    on_s3: Deployment, nginx: Nginx, bucket: Bucket, open_page: OpenPage, tmp_path: Path
) -> None:
    await exchange(Stage.set_up(on_s3), nginx.url, open_page, tmp_path, bucket.copy)


async def exchange(stage: Stage, site: str, open_page: OpenPage, folder: Path, copy: Copy) -> None:
    async with Cast(stage) as cast:
        customer = await cast.newcomer()
        where = (await cast.conversation(customer))["id"]
        pages = [
            await open_app(open_page, stage.deployment, site, name, where)
            for name in (customer.name, cast.olivia.name)
        ]
    for number, (sender, receiver) in enumerate((pages, pages[::-1])):
        await send_photo_and_document(sender, receiver, folder, number)
        await send_voice(sender, receiver, number)
    await assert_no_place_is_stored(folder, copy)


async def open_app(
    open_page: OpenPage, deployment: Deployment, site: str, name: str, where: str
) -> ThreadPage:
    session = deployment.shell(OPEN_SESSION.format(name=name)).split()[-1]
    cookie = {"name": "sessionid", "value": session, "domain": "127.0.0.1", "path": "/", **COOKIE_RULES}
    page = await open_page(f"{site}/app/c/{where}", storage_state={"cookies": [cookie], "origins": []})
    page.allowed.append("409")  # type: ignore[attr-defined]  # a storage that takes no files directly says so
    await ready(page)
    return ThreadPage(page, pane(page))


async def send_photo_and_document(
    sender: ThreadPage, receiver: ThreadPage, folder: Path, number: int
) -> None:
    photo, document = folder / f"IMG_{number}.HEIC", folder / f"Plan {number}.pdf"
    photo.write_bytes(heic_photo()["buffer"])
    document.write_bytes(pdf(size=LARGE)["buffer"])
    assert "GPS" in listed_by_exiftool(photo)
    await attach(sender, photo, document)
    await sender.write(f"Is this number {number}?")
    link = receiver.root.get_by_role("link", name=f"Download Plan {number}.pdf, 20 MB")
    async with receiver.page.expect_download() as download:
        await link.click()
    assert (await (await download.value).path()).read_bytes() == document.read_bytes()
    seen = picture(receiver, f"IMG_{number}.jpg")
    await expect(seen).to_have_class("picture is-loaded")
    assert await is_drawn(seen)
    await expect(receiver.said(f"Is this number {number}?")).to_be_visible()
    await expect(sender.root.locator(".upload")).to_have_count(0)


async def send_voice(sender: ThreadPage, receiver: ThreadPage, number: int) -> None:
    await record(sender)
    voice = receiver.root.get_by_role("group", name="Voice message").nth(number)
    await voice.get_by_role("button", name="Play").click()
    await expect(voice.get_by_role("slider")).not_to_have_value("0")


async def assert_no_place_is_stored(folder: Path, copy: Copy) -> None:
    """Check the storage after the job that deletes the originals."""
    rounds: list[Path] = []

    async def clean() -> bool:
        rounds.append(folder / f"stored-{len(rounds)}")
        rounds[-1].mkdir()
        copy(rounds[-1])
        listed = listed_by_exiftool(rounds[-1])
        assert listed.count("image/jpeg") >= 2
        return "GPS" not in listed

    await eventually(clean, "no stored file tells a place")


def listed_by_exiftool(path: Path) -> str:
    if shutil.which("exiftool") is None:
        pytest.skip("NOT TESTED: exiftool is not installed")
    files = [path] if path.is_file() else [found for found in path.rglob("*") if found.is_file()]
    return subprocess.run(["exiftool", "-a", "-G1", *files], capture_output=True, text=True).stdout
