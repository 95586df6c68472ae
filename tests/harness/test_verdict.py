from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.servers import ROOT

pytestmark = pytest.mark.standalone

SUITE = """
import pytest

def test_passes(): pass

@pytest.mark.skip(reason="no such machine")
def test_skipped(): pass

@pytest.mark.xfail(reason="known")
def test_known_to_fail(): assert False
"""


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_skip_fails_the_run_under_ci_alone(tmp_path: Path, ci: str, code: int) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = ["-p", "tests.harness.verdict", "-p", "no:django", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        env={**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == code, run.stdout
    assert "1 passed, 1 skipped, 1 xfailed" in run.stdout.splitlines()[-1]
    assert ("test_suite.py::test_skipped: Skipped: no such machine" in run.stdout) == bool(ci)
