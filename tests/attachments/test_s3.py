"""With S3 as the storage, browsers upload to it and download from it directly, by addresses that soon expire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from chatsite.config.attachments import file_system, s3
from conversations.attachments.models import DirectUpload, StoredFile
from tests.attachments.contents import PDF, heic, picture
from tests.attachments.files import Scene, refused, run_jobs, upload
from tests.attachments.test_cut_off import Killed, die, later
from tests.conversations.people import client_of, person
from tests.harness.rest import NO_TLS

FETCH = httpx.Client(trust_env=False, verify=NO_TLS, timeout=20)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer("127.0.0.1", 0)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"{host}:{port}"
    moto.stop()


@pytest.fixture(autouse=True)
def bucket(server: str, settings: Any, storage: Any) -> Any:
    entry = s3(f"s3://key:secret@{server}/files?region=eu-central-1&insecure=1")
    settings.STORAGES = {**settings.STORAGES, "attachments": entry}
    settings.ATTACHMENTS_SERVE = "redirect"
    chosen: Any = storages["attachments"]
    client = chosen.connection.meta.client
    client.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield chosen.bucket
    chosen.bucket.objects.all().delete()
    client.delete_bucket(Bucket="files")


def keys(bucket: Any) -> set[str]:
    return {found.key for found in bucket.objects.all()}


def begin(scene: Scene, content: bytes, name: str = "photo.jpg", **more: Any) -> Any:
    body = {"name": name, "size": len(content), "contentType": "x/y", **more}
    return client_of(scene.customer).post("/chat/uploads/begin", body, format="json")


def put(begun: dict[str, Any], content: bytes) -> int:
    target = begun["upload"]
    sent = FETCH.request(
        target["method"], target["url"], data=target["fields"], files={"file": ("f", content)}
    )
    return sent.status_code


def complete(scene: Scene, key: str) -> Any:
    return client_of(scene.customer).post(f"/chat/uploads/{key}/complete")


def test_a_file_goes_straight_to_the_storage_and_comes_from_there(
    scene: Scene, bucket: Any, server: str
) -> None:
    content = heic()
    begun = begin(scene, content, "IMG_1.HEIC", alt="A bridge").json()
    assert urlsplit(begun["upload"]["url"]).netloc == server
    assert refused(complete(scene, begun["id"])) == (409, "conflict")
    assert put(begun, content) == 204
    made = complete(scene, begun["id"])
    assert made.status_code == 201
    assert made.json()["placeholder"]
    assert made.json()["alt"] == "A bridge"
    run_jobs()
    scene.send(scene.customer, made.json()["id"])
    [shown] = scene.shown(scene.member)["attachments"]
    for address in (shown["url"], shown["thumbnailUrl"]):
        answer = client_of(scene.member).get(address)
        assert answer.status_code == 302
        assert urlsplit(answer["Location"]).netloc == server
        fetched = FETCH.get(answer["Location"], headers={"Range": "bytes=0-9"})
        assert (fetched.status_code, len(fetched.content)) == (206, 10)
        assert "inline" in fetched.headers["Content-Disposition"]
    # The client could overwrite its upload, so the site serves its own copy and deletes the upload.
    assert keys(bucket) == set(StoredFile.objects.values_list("key", flat=True))
    assert StoredFile.objects.count() == 2


def test_only_its_owner_completes_an_upload(scene: Scene) -> None:
    begun = begin(scene, PDF).json()
    put(begun, PDF)
    assert refused(client_of(person()).post(f"/chat/uploads/{begun['id']}/complete")) == (404, "not_found")
    first, again = complete(scene, begun["id"]), complete(scene, begun["id"])
    assert first.json()["id"] == again.json()["id"] == begun["id"]  # the client may have missed the answer


@pytest.mark.parametrize("step", ["store_upload", "enqueue"])
def test_a_completion_that_is_cut_off_can_be_repeated(
    scene: Scene, bucket: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    begun = begin(scene, PDF).json()
    put(begun, PDF)
    with monkeypatch.context() as patched:
        patched.setattr(f"conversations.attachments.direct_uploads.{step}", die)
        with pytest.raises(Killed):
            complete(scene, begun["id"])
    made = complete(scene, begun["id"])
    assert (made.status_code, made.json()["id"]) == (201, begun["id"])
    scene.send(scene.customer, begun["id"])
    later()
    [stored] = StoredFile.objects.all()
    assert keys(bucket) == {stored.key}
    assert not DirectUpload.objects.exists()


def test_a_file_of_another_size_is_invalid(scene: Scene) -> None:
    begun = begin(scene, PDF).json()
    if put(begun, PDF + b"more") == 204:  # a storage that does not check the conditions of the form
        assert refused(complete(scene, begun["id"])) == (400, "invalid")


def test_a_direct_upload_meets_the_same_limits(scene: Scene, settings: Any) -> None:
    huge = {"name": "x", "size": settings.CHAT.attachment_bytes + 1, "contentType": ""}
    client = client_of(scene.customer)
    assert refused(client.post("/chat/uploads/begin", huge, format="json")) == (413, "too_large")
    assert refused(begin(scene, b"")) == (400, "invalid")
    assert refused(begin(scene, PDF, kind="song")) == (400, "invalid")
    begun = begin(scene, b"MZ" + bytes(100)).json()
    put(begun, b"MZ" + bytes(100))
    assert refused(complete(scene, begun["id"])) == (415, "unsupported_media_type")
    assert DirectUpload.objects.exists()  # until the sweep


def test_a_form_works_too(scene: Scene, bucket: Any) -> None:
    made = upload(scene.customer, picture(), "photo.jpg")
    assert made.status_code == 201
    assert len(keys(bucket)) == 1
    client_of(scene.customer).delete(f"/chat/uploads/{made.json()['id']}")
    run_jobs()
    assert keys(bucket) == set()


def test_a_folder_takes_no_direct_uploads(scene: Scene, settings: Any, tmp_path: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "attachments": file_system(tmp_path)}
    assert refused(begin(scene, PDF)) == (409, "conflict")
