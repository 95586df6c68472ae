"""The wheel contains everything that the apps need, and nothing from the other folders of the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.harness.processes import ROOT

pytestmark = pytest.mark.standalone

# Where a folder of the repository is in the wheel; everything else keeps its place.
MOVED = {
    "clients/javascript/src/": "chatsite/web/static/chat-client/",
    "templates/admin/conversations/": "conversations/templates/admin/conversations/",
    "templates/admin/notifications/": "notifications/templates/admin/notifications/",
    "templates/admin/widget/": "chatsite/widget/templates/admin/widget/",
    "templates/mail/": "notifications/templates/mail/",
    "templates/web/": "chatsite/web/templates/web/",
    "templates/widget/": "chatsite/widget/templates/widget/",
}
APPS = ("chatsite/", "conversations/", "notifications/", "presence/")
# The site's own: they would change the admin and the API pages of the host project.
LEFT_OUT = (
    "templates/admin/base_site.html",
    "templates/admin/index.html",
    "templates/drf_spectacular/",
    "templates/rest_framework/",
)


def tracked_files() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for path in listed.splitlines() if not path.startswith(LEFT_OUT) and (ROOT / path).exists()]


def test_it_holds_every_file_of_the_apps(wheel: Path) -> None:
    wanted = set()
    for path in tracked_files():
        folder = next((folder for folder in MOVED if path.startswith(folder)), None)
        if folder is not None:
            wanted.add(path.replace(folder, MOVED[folder], 1))
        elif path.startswith((*APPS, "templates/")):
            wanted.add(path)
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert wanted == names
