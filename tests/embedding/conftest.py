"""The project in `project/` with the wheel installed, its people and its server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.harness.patience import patience
from tests.harness.processes import ROOT, NewProcesses
from tests.harness.servers import Server

PROJECT = Path(__file__).parent / "project"
PEOPLE = """
import json
from conversations.models import Business, Membership
from people.models import Person

agent = Person.objects.create_user("ada@shop.example", "a long password", called="Ada")
Person.objects.create_user("carl@home.example", "a long password", called="Carl")
Person.objects.create_superuser("root@shop.example", "a long password", called="Root")
business = Business.objects.create(name="The shop", slug="shop")
Membership.objects.create(business=business, user=agent, role="owner")
print(json.dumps({"business": str(business.pk), "agent": str(agent.pk)}))
"""


@dataclass
class Shop:
    python: Path
    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, fails: bool = False, **variables: str) -> str:
        """Run `python ARGUMENTS` in the project's folder, and return its output."""
        done = subprocess.run(
            [str(self.python), *arguments],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=patience(120),
        )
        assert (done.returncode != 0) is fails, (
            f"{arguments} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
        return done.stdout + (done.stderr if fails else "")

    def manage(self, *arguments: str, **options: Any) -> str:
        return self.run("manage.py", *arguments, **options)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.prefix) / "bin" / "uv"
    subprocess.run(
        [uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True, timeout=patience(120)
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def shop(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Install and migrate the project. Its dependencies come from the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    paths = {"base": str(folder / "env"), "platbase": str(folder / "env")}
    packages = Path(sysconfig.get_path("purelib", vars=paths))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    uv = [str(Path(sys.prefix) / "bin" / "uv"), "pip", "install", "--quiet", "--no-deps", "--offline"]
    subprocess.run([*uv, "--python", python, wheel], check=True, timeout=patience(60))
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    found = Shop(python, folder, kept)
    found.manage("migrate", "--verbosity", "0")
    return found


@pytest.fixture(scope="session")
def people(shop: Shop) -> dict[str, str]:
    """Return the ids of the shop's business and of its agent."""
    ids: dict[str, str] = json.loads(shop.manage("shell", "--verbosity", "0", "-c", PEOPLE))
    return ids


@pytest.fixture(scope="session")
def server(shop: Shop, people: dict[str, str]) -> Iterator[Server]:
    starter = NewProcesses(shop.environment, python=str(shop.python), folder=shop.folder)
    serving = Server("uvicorn", starter, shop.folder / "server.log")
    serving.application = "shop.asgi:application"
    serving.start()
    yield serving
    serving.terminate()
