"""A person and a business have space for so many bytes and files. What a send costs does not grow with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from conversations import operations
from conversations.attachments.jobs import recount_files, recount_fullest
from conversations.attachments.models import Attachment, StorageUse
from tests.attachments.contents import PDF, picture
from tests.attachments.files import Scene, refused, run_jobs, upload
from tests.conversations.people import client_of


def uploaded(scene: Scene, number: int) -> list[str]:
    return [upload(scene.customer, PDF).json()["id"] for _ in range(number)]


def use(scene: Scene) -> tuple[int, int]:
    found = StorageUse.objects.get(business=scene.where.business_id)
    return found.bytes, found.files


def real_use() -> tuple[int, int]:
    sizes = list(Attachment.objects.exclude(business=None).exclude(file=None).values_list("size", flat=True))
    return sum(sizes), len(sizes)


def test_a_person_has_so_many_files(scene: Scene, settings: Any) -> None:
    settings.CHAT = replace(settings.CHAT, user_attachments=2)
    first, _ = uploaded(scene, 2)
    refusal = upload(scene.customer, PDF)
    assert refused(refusal) == (413, "too_large")
    assert refusal.json()["error"]["details"] == {"limit": 2}
    client_of(scene.customer).delete(f"/chat/uploads/{first}")
    assert upload(scene.customer, PDF).status_code == 201


def test_a_business_has_so_many_files(scene: Scene, settings: Any) -> None:
    settings.CHAT = replace(settings.CHAT, business_attachments=3)
    first, second, third, fourth = uploaded(scene, 4)
    assert scene.send(scene.customer, first, second).status_code == 201
    assert refused(scene.send(scene.customer, third, fourth)) == (413, "too_large")
    assert scene.send(scene.customer, third).status_code == 201
    assert use(scene) == real_use() == (3 * len(PDF), 3)


def test_deleted_files_make_room(scene: Scene, settings: Any) -> None:
    settings.CHAT = replace(settings.CHAT, business_attachments=1)
    first, second = uploaded(scene, 2)
    message = scene.send(scene.customer, first).json()
    operations.delete_message(user_id=scene.customer.pk, message_id=message["id"])
    run_jobs()
    recount_fullest.func()
    assert use(scene) == (0, 0)
    assert scene.send(scene.customer, second).status_code == 201


def test_a_recount_corrects_every_difference(scene: Scene) -> None:
    made = upload(scene.customer, picture(), "photo.jpg").json()
    scene.send(scene.customer, made["id"], *uploaded(scene, 1))
    run_jobs()  # converts the picture
    StorageUse.objects.update(files=F("files") - 1)
    recount_files.func()
    assert use(scene) == real_use()
    StorageUse.objects.all().delete()  # an older release has written no row
    recount_files.func()
    assert use(scene) == real_use()


def test_a_send_adds_up_no_files(scene: Scene) -> None:
    scene.send(scene.customer, *uploaded(scene, 2))
    [made] = uploaded(scene, 1)
    with CaptureQueriesContext(
        connection,
    ) as sent:
        assert scene.send(scene.customer, made).status_code == 201
    assert not [query["sql"] for query in sent if "SUM(" in query["sql"].upper()]
