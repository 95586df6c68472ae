from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.processes import ROOT

pytestmark = pytest.mark.standalone

SUITE = """
import pytest

def test_passes(): pass

@pytest.mark.skip(reason="no such machine")
def test_skipped(): pass

@pytest.mark.xfail(reason="known")
def test_known_to_fail(): assert False
"""


WHOLE_FILE = """
import pytest

pytest.skip("no such machine", allow_module_level=True)
"""


def run_pytest(folder: Path, *options: str, ci: str = "true") -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    plugins = ["-p", "tests.harness.verdict"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options, str(folder)],
        # Without the other plugins, which are slow to load and irrelevant here.
        env={**os.environ, "CI": ci, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_a_skip_fails_the_run_under_ci(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    run = run_pytest(tmp_path)
    assert run.returncode == 1, run.stdout
    assert "1 passed, 1 xfailed, 1 error" in run.stdout.splitlines()[-1]
    assert "a failure under CI: Skipped: no such machine" in run.stdout


def test_a_file_that_skips_itself_fails_the_run_under_ci(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(WHOLE_FILE)
    run = run_pytest(tmp_path)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, run.stdout
    assert "a failure under CI: Skipped: no such machine" in run.stdout


def test_elsewhere_a_skip_is_no_failure_and_the_summary_says_why(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "test_same_reason.py").write_text(SUITE)
    run = run_pytest(tmp_path, ci="")
    assert run.returncode == 0, run.stdout
    assert "2 passed, 2 skipped, 2 xfailed" in run.stdout.splitlines()[-1]
    assert "    2  no such machine ( 1, deep 1)" in run.stdout.splitlines()


DEATH = """
import os
import signal

import httpx
import pytest

from tests.harness.backend import Deployment, base_environment
from tests.harness.servers import Server


class Files(Server):
    def command(self):
        return ["-m", "http.server", str(self.port), "--bind", "127.0.0.1"]


@pytest.fixture(scope="session")
def deployment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    deployment = Deployment("embedded", folder, base_environment(), [])
    deployment.servers.append(Files("daphne", deployment.starter, folder / "log"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Deployment, "_migrate", lambda self: None)
        with deployment:
            yield deployment


def test_kills(deployment):
    os.kill(deployment.servers[0].pid, signal.SIGKILL)
    deployment.servers[0]._process.wait()


def test_after(deployment):
    assert httpx.get(deployment.servers[0].url).status_code == 200
"""


def test_a_server_that_dies_fails_the_test_and_is_there_for_the_next(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(DEATH)
    run = run_pytest(tmp_path)
    assert "2 passed, 1 error" in run.stdout.splitlines()[-1], run.stdout
    assert "ended with code -9" in run.stdout
