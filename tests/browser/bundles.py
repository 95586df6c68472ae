"""The collected and bundled static files, made once for each state of them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.harness.templates import ROOT, kept_template

SETTINGS = "tests.browser.bundled_settings"


def bundled_environment() -> dict[str, str]:
    """Return what a deployment needs to serve pages as in production: with one script and one style sheet each."""
    root = kept_template("static", _collect, _state_of_the_files())
    return {"DJANGO_SETTINGS_MODULE": SETTINGS, "STATIC_ROOT": str(root)}


def _collect(target: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    environment = {**kept, "DEBUG": "1", "DJANGO_SETTINGS_MODULE": SETTINGS, "STATIC_ROOT": str(target)}
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@cache
def _state_of_the_files() -> str:
    digest = hashlib.sha256((ROOT / "requirements-dev.lock").read_bytes())
    sources = [
        *ROOT.glob("chatsite/*/static"),
        ROOT / "clients" / "javascript" / "src",
        Path(__file__).parent,
    ]
    sources += [ROOT / "chatsite" / "web" / "static_files.py"]
    files = (path for source in sources for path in (source, *source.rglob("*")) if path.is_file())
    for path in sorted(path for path in files if "node_modules" not in path.parts and path.suffix != ".pyc"):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]
