"""The site on both supported servers, and the browser's Socket.IO client in Node."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.socketio.server import ROOT, Kind, Site

FRONTEND = "https://shop.example"
# What the log of a healthy server never contains.
UNSEEN = ["never retrieved", "never awaited", "Exception in ASGI", "handler error", "Unhandled"]
NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="session", params=["uvicorn", "daphne"])
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@pytest.fixture(scope="session")
def site(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(kind, tmp_path_factory.mktemp("site"), FRONTEND_ORIGINS=FRONTEND) as running:
        yield running
        log = running.log.read_text(errors="replace")
        assert not [line for line in log.splitlines() if any(text in line for text in UNSEEN)], log[-4000:]


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Install socket.io-client as package-lock.json pins it, once for each lock file. Return the folder."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("NOT TESTED with socket.io-client: node and npm are not installed")
    lock = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = ROOT / "var" / "socketio-node" / lock
    if not folder.exists():
        making = folder.with_name(f"{lock}.{os.getpid()}")
        making.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(NODE / name, making)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        run = subprocess.run(install, cwd=making, capture_output=True, text=True, timeout=180)
        if run.returncode != 0:
            shutil.rmtree(making)
            pytest.skip(f"NOT TESTED with socket.io-client: npm ci failed: {run.stderr[-500:]}")
        try:
            making.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(making)
    return folder / "node_modules"
