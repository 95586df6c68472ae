"""After an interruption at any step and new runs of the jobs, the storage has the whole file or none."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.db.models import F

from conversations import operations
from conversations.attachments.jobs import resume_processing, sweep_uploads
from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.operations import Upload, store_upload
from tests.attachments.contents import picture
from tests.attachments.files import Scene, body, files_in, run_jobs, upload
from tests.attachments.live_uploads import SlowUpload, scratch_of, upload_to
from tests.conversations.people import client_of
from tests.harness.backend import Deployment
from tests.harness.cast import Stage


class Killed(BaseException):
    """Stands for a killed process: the site does not catch it, so nothing is cleaned up."""


def die(*_: Any, **__: Any) -> Any:
    raise Killed


def later() -> None:
    """Let three hours pass, and run the recurring jobs."""
    for model in (StoredFile, Attachment):
        model.objects.update(created_at=F("created_at") - timedelta(hours=3))
    resume_processing.func()
    run_jobs()
    sweep_uploads.func()


@pytest.mark.parametrize(
    "step",
    [
        "django.core.files.storage.FileSystemStorage._save",
        "conversations.attachments.operations._add",
    ],
)
def test_an_upload_that_is_cut_off_leaves_nothing(
    scene: Scene, storage: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str
) -> None:
    content = tmp_path.parent / "photo.jpg"
    content.write_bytes(picture())
    with monkeypatch.context() as patched, content.open("rb") as file:
        patched.setattr(step, die)
        with pytest.raises(Killed):
            store_upload(scene.customer.pk, Upload(file, "photo.jpg", content.stat().st_size))
    later()
    assert (files_in(storage), StoredFile.objects.count(), Attachment.objects.count()) == ([], 0, 0)


@pytest.mark.parametrize(
    "step",
    [
        "conversations.attachments.processing.convert",
        "conversations.attachments.conversion.write_file",
        "conversations.attachments.processing.finish",
        "conversations.attachments.processing._save",
    ],
)
def test_processing_that_is_cut_off_ends_in_a_whole_file(
    scene: Scene, storage: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = upload(scene.customer, picture(), "photo.jpg").json()
    scene.send(scene.customer, made["id"])
    with monkeypatch.context() as patched:
        patched.setattr(step, die)
        with pytest.raises(Killed):
            run_jobs()
    later()
    [shown] = scene.shown(scene.member)["attachments"]
    assert shown["state"] == "ready"
    for address in (shown["url"], shown["thumbnailUrl"]):
        assert body(client_of(scene.member).get(address))
    assert len(files_in(storage)) == StoredFile.objects.count() == 2


OWN = """
from conversations.attachments.models import Attachment
print(Attachment.objects.filter(owner_id={owner}).count())
"""


def die_after_deletion(storage: FileSystemStorage, name: str) -> None:
    Path(storage.path(name)).unlink()
    raise Killed


@pytest.mark.parametrize(
    ("step", "death"),
    [
        ("conversations.attachments.release.files_of", die),
        ("conversations.attachments.release.delete_unreferenced", die),
        ("django.core.files.storage.FileSystemStorage.delete", die_after_deletion),
    ],
)
def test_a_deletion_that_is_cut_off_is_finished(
    scene: Scene, storage: Path, monkeypatch: pytest.MonkeyPatch, step: str, death: Any
) -> None:
    message = scene.sent(picture(), "photo.jpg")
    operations.delete_message(user_id=scene.customer.pk, message_id=message["id"])
    with monkeypatch.context() as patched:
        patched.setattr(step, death)
        with pytest.raises(Killed):
            run_jobs()
    later()
    assert (files_in(storage), StoredFile.objects.count()) == ([], 0)


@pytest.mark.parametrize("number", [0, 1], ids=["daphne", "uvicorn"])
def test_a_connection_that_is_cut_at_any_tenth_leaves_nothing(
    services: Deployment, services_stage: Stage, number: int
) -> None:
    server, login = services.server(number), services_stage.logins[services_stage.newcomer()]
    content = picture(quality=100)
    lines = len(server.log_tail(100_000).splitlines())
    for tenth in range(11):
        for end in (SlowUpload.close, SlowUpload.cut):
            cut = SlowUpload(server, login, content)
            cut.send((len(cut.body) - 1) * tenth // 10)
            end(cut)
    whole = upload_to(server, login, content)
    assert services.shell(OWN.format(owner=login.user_id)).split() == ["1"]
    assert scratch_of(server.pid)[1:] == []
    assert "Traceback" not in "".join(server.log_tail(100_000).splitlines()[lines:])
    assert whole["width"] == 1200
