"""The S3 server checks each signature: those of the site's requests, of its forms, and of the addresses that it
issues.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from django.core.files.storage import storages
from django.utils import timezone
from nanio.auth.sigv4 import compute_signature, derive_signing_key

from chatsite.config.attachments import s3
from conversations.attachments.models import Attachment, StoredFile
from tests.attachments.contents import PDF, picture
from tests.attachments.files import Scene, refused, run_jobs, upload
from tests.attachments.s3_server import BUCKET, KEY, REGION, SECRET, strict_s3_server
from tests.conversations.people import client_of
from tests.harness.rest import NO_TLS

pytestmark = pytest.mark.one_database

FETCH = httpx.Client(trust_env=False, verify=NO_TLS, timeout=20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with strict_s3_server(tmp_path_factory.mktemp("buckets")) as address:
        yield address


def use_bucket(settings: Any, server: str, secret: str) -> Any:
    entry = s3(f"s3://{KEY}:{quote(secret, safe='')}@{server}/{BUCKET}?region={REGION}&insecure=1")
    settings.STORAGES = {**settings.STORAGES, "attachments": entry}
    settings.ATTACHMENTS_SERVE = "redirect"
    return storages["attachments"]


@pytest.fixture(autouse=True)
def bucket(server: str, settings: Any, storage: Any) -> Any:
    return use_bucket(settings, server, SECRET)


def address_of(scene: Scene, shown: dict[str, Any]) -> str:
    """Return the address in the bucket that the site redirects to."""
    answer = client_of(scene.member).get(shown["url"])
    assert answer.status_code == 302
    address: str = answer["Location"]
    return address


def stored_files(bucket: Any) -> list[bool]:
    """Return whether the bucket has the file of each row."""
    return [bucket.exists(key) for key in StoredFile.objects.values_list("key", flat=True)]


def test_a_file_is_stored_processed_fetched_and_deleted(scene: Scene, bucket: Any) -> None:
    made = upload(scene.customer, picture(), "Größe 1+2.jpg").json()
    message = scene.send(scene.customer, made["id"]).json()
    run_jobs()
    [shown] = scene.shown(scene.member)["attachments"]
    fetched = FETCH.get(address_of(scene, shown), headers={"Range": "bytes=0-9"})
    assert (fetched.status_code, len(fetched.content)) == (206, 10)
    assert stored_files(bucket) == [True, True]
    keys = list(StoredFile.objects.values_list("key", flat=True))
    client_of(scene.customer).delete(f"/chat/messages/{message['id']}")
    run_jobs()
    assert [bucket.exists(key) for key in keys] == [False, False]


def test_an_address_is_good_for_one_file_and_a_minute(
    scene: Scene, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    [shown] = scene.sent()["attachments"]
    scene.sent(PDF + b"another")
    address = address_of(scene, shown)
    first, second = StoredFile.objects.order_by("created_at").values_list("key", flat=True)
    assert FETCH.get(address).content == PDF
    for changed in (
        address.replace(first, second),
        address.replace("attachment", "inline"),
        address.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
        address.partition("?")[0],
    ):
        assert changed != address
        assert FETCH.get(changed).status_code == 403
    monkeypatch.setattr("conversations.attachments.serving.PRESIGNED_SECONDS", 1)
    short = address_of(scene, shown)
    time.sleep(1.1)
    assert FETCH.get(short).status_code == 403


def test_the_form_of_a_direct_upload_is_signed_with_its_conditions(scene: Scene) -> None:
    """The server does not accept forms, so the test calls its check of the signature."""
    body = {"name": "a.pdf", "size": 1234, "contentType": ""}
    begun = client_of(scene.customer).post("/chat/uploads/begin", body, format="json").json()
    fields = begun["upload"]["fields"]
    day = fields["x-amz-date"][:8]
    assert fields["x-amz-credential"] == f"{KEY}/{day}/{REGION}/s3/aws4_request"
    signing_key = derive_signing_key(SECRET, date=day, region=REGION)
    assert compute_signature(signing_key, fields["policy"]) == fields["x-amz-signature"]
    policy = json.loads(base64.b64decode(fields["policy"]))
    assert ["content-length-range", 1234, 1234] in policy["conditions"]
    assert {"bucket": BUCKET} in policy["conditions"]
    assert {"key": fields["key"]} in policy["conditions"]
    ends = datetime.fromisoformat(policy["expiration"])
    assert timedelta(minutes=10) < ends - timezone.now() <= timedelta(minutes=15)


def test_a_wrong_secret_stores_nothing(scene: Scene, server: str, settings: Any) -> None:
    use_bucket(settings, server, "another-secret")
    assert refused(upload(scene.customer, PDF)) == (503, "unavailable")
    assert not Attachment.objects.exists()
