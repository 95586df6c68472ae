"""After kill -9 during an upload or during processing, each disk has the whole file or none."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.attachments.contents import picture
from tests.attachments.live_uploads import SlowUpload, scratch_of, upload_to
from tests.background.test_worker import AGE
from tests.harness.backend import Deployment
from tests.harness.cast import Login, Stage
from tests.harness.patience import patience, wait_until
from tests.harness.rest import NO_TLS
from tests.harness.servers import Server

# Hours later the recurring job deletes what nothing refers to. The answer is the number of files without a row, of
# rows without a file, and of the attachments of this person.
SWEEP = """
from datetime import timedelta
from django.db.models import F
from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.storage import attachment_storage, delete_unreferenced
StoredFile.objects.update(created_at=F("created_at") - timedelta(hours=3))
delete_unreferenced()
folder = attachment_storage().location
from pathlib import Path
files = {{str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}}
rows = set(StoredFile.objects.values_list("key", flat=True))
print(len(files - rows), len(rows - files), Attachment.objects.filter(owner_id={owner}).count())
"""


def swept(deployment: Deployment, login: Login) -> list[int]:
    return [int(number) for number in deployment.shell(SWEEP.format(owner=login.user_id)).split()]


@pytest.fixture(scope="module")
def login(services_stage: Stage) -> Login:
    return services_stage.logins[services_stage.newcomer()]


@pytest.fixture(scope="module")
def photo() -> bytes:
    return picture((4000, 3000), quality=95)


@pytest.fixture
def server(services: Deployment) -> Iterator[Server]:
    server = services.server(0)
    yield server
    if server.pid_or_none is None:
        server.start()


def test_uploads_to_a_killed_server_leave_nothing_and_can_be_repeated(
    services: Deployment, login: Login, photo: bytes, server: Server
) -> None:
    pid = server.pid
    halfway = SlowUpload(server, login, photo)
    halfway.send(len(photo) // 2)
    with ThreadPoolExecutor() as thread:
        whole = thread.submit(upload_to, server, login, photo)
        wait_until(lambda: len(scratch_of(pid)) > 1, "the server reads the other upload")
        server.kill9()
        assert isinstance(whole.exception(), httpx.TransportError)
    halfway.close()
    assert scratch_of(pid)
    server.start()
    made = upload_to(server, login, photo)
    assert scratch_of(pid) == []
    assert swept(services, login) == [0, 0, 1]
    assert made["state"] == "processing"


def test_a_job_of_a_killed_worker_ends_in_a_whole_file(
    services: Deployment, login: Login, photo: bytes
) -> None:
    services.stop_worker()
    first = services.new_worker()
    first.start()
    made = upload_to(services.server(1), login, photo)
    wait_until(lambda: len(scratch_of(first.pid)) > 1, "the worker converts the photo")
    first.kill()
    assert scratch_of(first.pid)
    services.shell(AGE)
    services.start_worker()
    shown = services.server(1).url + f"/chat/attachments/{made['id']}/thumbnail"
    headers = {"Authorization": f"Bearer {login.access}"}

    def is_ready() -> bool:
        return (
            httpx.get(shown, headers=headers, trust_env=False, verify=NO_TLS, timeout=patience(5)).status_code
            == 200
        )

    wait_until(is_ready, "another worker has processed it", 30)
    assert scratch_of(first.pid) == []
    assert swept(services, login)[:2] == [0, 0]
