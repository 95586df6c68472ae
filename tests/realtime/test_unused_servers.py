"""A process imports only the server that it runs, because importing another one delays the start."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.harness.patience import patience
from tests.harness.processes import ROOT

pytestmark = pytest.mark.standalone


def run(*arguments: str) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**kept, "DEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=patience(30),
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(("server", "unused"), [("uvicorn", "twisted"), ("daphne.server", "uvicorn")])
def test_the_other_server_is_not_imported(server: str, unused: str) -> None:
    program = f"import {server}, chatsite.asgi, sys; print({unused!r} in sys.modules)"
    assert run("-c", program).strip() == "False"


def test_a_management_command_imports_no_server() -> None:
    program = "import sys; print('daphne' in sys.modules, 'uvicorn' in sys.modules)"
    assert run("manage.py", "shell", "--verbosity", "0", "-c", program).strip() == "False False"


def test_runserver_is_that_of_daphne() -> None:
    assert "--noasgi" in run("manage.py", "runserver", "--help")
    assert "--noasgi" in run("manage.py", "help", "runserver")
