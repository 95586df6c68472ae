"""The clients' packages from `make dist`, and empty projects to install them into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.harness.patience import patience
from tests.harness.processes import ROOT

# What a tool needs to run and to find its package registry, without anything that leads to this checkout.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
PREFIXES = ("npm_config_", "PIP_", "UV_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def run(command: Sequence[str], folder: Path, **variables: str) -> str:
    """Run a program to its end, and return its output."""
    environment = {
        name: value for name, value in os.environ.items() if name in KEPT or name.startswith(PREFIXES)
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=patience(300),
    )
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Return the files of `make dist`, by the end of the name: `.whl`, `.tar.gz` and `.tgz`."""
    if shutil.which("npm") is None:
        pytest.skip("NOT TESTED: packages of the clients need npm (Debian: npm)")
    folder = tmp_path_factory.mktemp("dist")
    # This environment runs the tests, so install nothing into it.
    current = [argument for stamp in ("runtime", "dev") for argument in ("-o", f"{sys.prefix}/{stamp}.stamp")]
    run(["make", *current, "dist", f"VENV={sys.prefix}", f"DIST={folder}"], ROOT)
    return {ending: next(folder.glob(f"*{ending}")) for ending in (".whl", ".tar.gz", ".tgz")}
