"""A real ClamAV daemon with a test signature scans the files. A file is shown only after its verdict."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conversations.attachments import clamd as clamd_module
from conversations.attachments.clamd import Clamd, ScannerFailed
from conversations.attachments.processing import MALWARE, process
from tests.attachments.contents import PDF, picture
from tests.attachments.files import Scene, files_in, refused, run_jobs, upload
from tests.conversations.people import client_of
from tests.harness.patience import patience

MARK = b"This-is-what-the-test-calls-malware"
CLAMD = shutil.which("clamd") or ("/usr/sbin/clamd" if Path("/usr/sbin/clamd").exists() else None)

pytestmark = pytest.mark.skipif(CLAMD is None, reason="needs clamd (Debian: clamav-daemon)")


def start(folder: Path, *, alerts: bool) -> tuple[subprocess.Popen[bytes], str]:
    """Start a daemon with one signature. `alerts`: whether it reports files that exceed its limits."""
    (folder / "signatures").mkdir(parents=True)
    (folder / "signatures" / "own.ndb").write_text(f"Test.Malware:0:*:{MARK.hex()}\n")
    path = folder / "clamd.sock"
    (folder / "clamd.conf").write_text(
        f"LocalSocket {path}\nDatabaseDirectory {folder / 'signatures'}\nForeground yes\n"
        f"LogFile {folder / 'clamd.log'}\nTemporaryDirectory {folder}\n"
        f"AlertExceedsMax {'yes' if alerts else 'no'}\n"
    )
    process = subprocess.Popen(
        [str(CLAMD), "--config-file", str(folder / "clamd.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + patience(60)
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
            return process, str(path)
        except OSError:
            assert process.poll() is None, (folder / "clamd.log").read_text()
            assert time.monotonic() < until, "clamd does not listen"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, path = start(tmp_path_factory.mktemp("clamd"), alerts=True)
    yield path
    process.terminate()
    process.wait(patience(30))


@pytest.fixture
def scanned(daemon: str, settings: Any) -> None:
    settings.ATTACHMENTS_SCANNER = f"clamd+unix://{daemon}"


@pytest.mark.usefixtures("scanned")
def test_a_clean_file_is_ready_after_its_scan(scene: Scene) -> None:
    made = upload(scene.customer, PDF).json()
    assert (made["state"], made["url"]) == ("processing", None)
    address = f"/chat/attachments/{made['id']}"
    assert refused(client_of(scene.customer).get(address)) == (404, "not_found")
    scene.send(scene.customer, made["id"])
    process(made["id"])
    [shown] = scene.shown(scene.member)["attachments"]
    assert shown["state"] == "ready"
    assert client_of(scene.member).get(address).status_code == 200


@pytest.mark.usefixtures("scanned")
@pytest.mark.parametrize("content", [PDF + MARK, picture() + MARK], ids=["file", "picture"])
def test_malware_is_rejected_with_a_reason(scene: Scene, storage: Path, content: bytes) -> None:
    made = upload(scene.customer, content).json()
    scene.send(scene.customer, made["id"])
    before = scene.rev()
    process(made["id"])
    assert scene.rev() == before + 1
    [shown] = scene.shown(scene.member)["attachments"]
    assert (shown["state"], shown["reason"], shown["url"]) == ("rejected", MALWARE, None)
    assert files_in(storage) == []
    address = f"/chat/attachments/{made['id']}"
    assert refused(client_of(scene.customer).get(address)) == (404, "not_found")


@pytest.mark.usefixtures("scanned")
def test_a_rejected_upload_cannot_be_sent(scene: Scene) -> None:
    made = upload(scene.customer, PDF + MARK).json()
    process(made["id"])
    assert refused(scene.send(scene.customer, made["id"])) == (409, "conflict")


def test_without_a_scanner_that_answers_nothing_is_shown(
    scene: Scene, settings: Any, tmp_path: Path, daemon: str
) -> None:
    settings.ATTACHMENTS_SCANNER = f"clamd+unix://{tmp_path / 'nobody'}"
    made = upload(scene.customer, PDF).json()
    scene.send(scene.customer, made["id"])
    with pytest.raises(ScannerFailed, match="reached"):
        process(made["id"])
    assert scene.shown(scene.member)["attachments"][0]["state"] == "processing"
    settings.ATTACHMENTS_SCANNER = f"clamd+unix://{daemon}"
    run_jobs()  # the job of the upload is still there
    assert scene.shown(scene.member)["attachments"][0]["state"] == "ready"


def test_a_daemon_that_accepts_files_over_its_limits_is_refused(tmp_path: Path) -> None:
    process, path = start(tmp_path / "lax", alerts=False)
    try:
        with pytest.raises(ScannerFailed, match="AlertExceedsMax"):
            Clamd(path).scan(io.BytesIO(PDF))
    finally:
        process.terminate()
        process.wait(patience(30))


def test_the_check_of_the_daemon_is_remembered(daemon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clamd(daemon).scan(io.BytesIO(PDF)) is None
    monkeypatch.setattr(clamd_module, "_nested_archive", lambda: pytest.fail("asked again"))
    assert Clamd(daemon).scan(io.BytesIO(MARK)) == "Test.Malware.UNOFFICIAL"
