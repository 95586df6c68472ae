"""A forked process behaves as a new one: its arguments, environment, input, output, exit code and death."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.harness.backend import base_environment
from tests.harness.fork_server import ForkServer
from tests.harness.processes import NewProcesses, Starter

pytestmark = [
    pytest.mark.standalone,
    pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED here: only Linux forks safely"),
]

PROGRAM = """
import os, sys
print(sys.argv[1:], os.environ["MARK"], os.getsid(0) == os.getpid(), sys.stdin.read())
print(__name__, "django" in sys.modules, file=sys.stderr)
sys.exit(7)
"""


@pytest.fixture(scope="module")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    database = f"sqlite:///{tmp_path_factory.mktemp('fork') / 'chat.sqlite3'}"
    server = ForkServer("site", {**base_environment(), "DATABASE_URL": database, "MARK": "of the deployment"})
    yield server
    server.close()


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return str(path)


def run(starter: Starter, *arguments: str, given: str = "") -> tuple[int, str, str]:
    with TemporaryFile("w+") as stdin, TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        stdin.write(given)
        stdin.seek(0)
        process = starter.start(
            arguments, output.fileno(), stdin=stdin.fileno() if given else None, errors=errors.fileno()
        )
        code = process.wait(60)
        output.seek(0)
        errors.seek(0)
        return code, output.read(), errors.read()


def test_a_program_runs_as_in_a_new_process(fork_server: ForkServer, program: str) -> None:
    expected = (7, "['a', 'b c'] of the deployment True some input\n", "__main__ True\n")
    assert run(fork_server, program, "a", "b c", given="some input") == expected
    code, output, errors = run(
        NewProcesses({"MARK": "of the deployment"}), program, "a", "b c", given="some input"
    )
    assert (code, output, errors) == (7, expected[1], "__main__ False\n")


def test_a_program_without_input_reads_nothing(fork_server: ForkServer, program: str) -> None:
    assert run(fork_server, program) == (7, "[] of the deployment True \n", "__main__ True\n")


def test_a_module_runs_with_its_own_arguments(fork_server: ForkServer) -> None:
    code, output, _ = run(fork_server, "-m", "uvicorn", "--version")
    assert code == 0
    assert output.startswith("Running uvicorn")


def test_a_killed_process_is_seen_to_have_ended(fork_server: ForkServer, tmp_path: Path) -> None:
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time; time.sleep(60)")
    process = fork_server.start([str(sleeper)], 2)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    assert process.poll() == -signal.SIGKILL
    process.send_signal(signal.SIGTERM)  # which a process that has ended does not notice


def test_two_threads_may_wait_for_the_end(fork_server: ForkServer, tmp_path: Path) -> None:
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time; time.sleep(0.3); exit(5)")
    process = fork_server.start([str(sleeper)], 2)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: process.wait(10), range(8))) == {5}
