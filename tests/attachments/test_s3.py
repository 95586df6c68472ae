"""With S3 as the storage, browsers upload to it and download from it directly, by addresses that soon expire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.files.storage import storages
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from moto.server import ThreadedMotoServer

from chatsite.config.attachments import file_system, s3
from conversations.attachments.models import Attachment, DirectUpload, StoredFile
from conversations.moderation import erasure
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


def end_places() -> None:
    """Let the time pass after which the places of direct uploads are deleted."""
    DBTaskResult.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    run_jobs()
    assert not DirectUpload.objects.exists()


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
    # The client can overwrite its upload, so the site serves its own copy, and deletes the upload after its form.
    assert put(begun, content) == 204
    assert StoredFile.objects.count() == 3
    end_places()
    assert keys(bucket) == set(StoredFile.objects.values_list("key", flat=True))
    assert StoredFile.objects.count() == 2


def test_only_its_owner_completes_an_upload(scene: Scene) -> None:
    begun = begin(scene, PDF).json()
    put(begun, PDF)
    assert refused(client_of(person()).post(f"/chat/uploads/{begun['id']}/complete")) == (404, "not_found")
    first, again = complete(scene, begun["id"]), complete(scene, begun["id"])
    assert first.json()["id"] == again.json()["id"] == begun["id"]  # the client may have missed the answer


def test_a_completion_that_is_cut_off_can_be_repeated(
    scene: Scene, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin(scene, PDF).json()
    put(begun, PDF)
    with monkeypatch.context() as patched:
        patched.setattr("conversations.attachments.direct_uploads.store_upload", die)
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


def test_uploads_that_are_not_complete_count_for_the_quota(scene: Scene, settings: Any) -> None:
    settings.CHAT = replace(settings.CHAT, user_attachment_bytes=2 * len(PDF))
    first, second = begin(scene, PDF).json(), begin(scene, PDF).json()
    assert refused(begin(scene, PDF)) == (413, "too_large")
    assert refused(upload(scene.customer, PDF)) == (413, "too_large")
    for begun in (first, second):  # each has its own space
        put(begun, PDF)
        assert complete(scene, begun["id"]).status_code == 201
    assert refused(begin(scene, PDF)) == (413, "too_large")
    client_of(scene.customer).delete(f"/chat/uploads/{first['id']}")
    assert refused(begin(scene, PDF)) == (413, "too_large")  # the form can still be used
    end_places()
    assert begin(scene, PDF).status_code == 201


def test_after_many_direct_uploads_the_files_go_through_the_server(scene: Scene, settings: Any) -> None:
    settings.CHAT = replace(settings.CHAT, direct_uploads=2)
    begun = begin(scene, PDF).json()
    put(begun, PDF)
    complete(scene, begun["id"])
    begin(scene, PDF)
    assert refused(begin(scene, PDF)) == (409, "conflict")
    assert upload(scene.customer, PDF).status_code == 201
    end_places()
    assert begin(scene, PDF).status_code == 201


def test_an_upload_in_progress_does_not_outlive_an_erasure(scene: Scene, monkeypatch: Any) -> None:
    begun = begin(scene, PDF, "Anna.pdf", alt="Anna").json()
    put(begun, PDF)

    def erase_meanwhile(*_: Any) -> str:
        erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="x")
        return "ready"

    monkeypatch.setattr("conversations.attachments.operations.initial_state", erase_meanwhile)
    assert refused(complete(scene, begun["id"])) == (401, "unauthenticated")
    assert not Attachment.objects.exists()
    assert set(DirectUpload.objects.values_list("name", "alt")) == {("", "")}


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
