"""The Python client, installed into an empty environment, talks with a site."""

from __future__ import annotations

import asyncio
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.harness.cast import Cast
from tests.packages.conftest import run

pytestmark = pytest.mark.fleet

PROGRAM = """
import asyncio, importlib.util, sys
import business_chat_client
from business_chat_client import ChatClient

assert importlib.util.find_spec("django") is None
assert business_chat_client.__file__.startswith(sys.prefix)

async def main(url: str, token: str, room: str) -> None:
    async with asyncio.timeout(60), ChatClient(url, access=token, trust_env=False) as client:
        conversation = await client.join(room)
        message = await conversation.send("from an installed package")
        print(message.seq, conversation.messages[-1].content if conversation.messages else message.content)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_it_talks_with_a_site(cast: Cast, dist: Mapping[str, Path], tmp_path: Path) -> None:
    customer = await cast.newcomer()
    room = (await cast.conversation(customer))["id"]
    url = cast.stage.deployment.server(customer.home).url

    def install_and_run() -> str:
        run([sys.executable, "-m", "venv", "env"], tmp_path)
        python = str(tmp_path / "env" / "bin" / "python")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*install, str(dist[".whl"])], tmp_path)
        run([python, "-m", "pip", "check"], tmp_path)
        return run([python, "-c", PROGRAM, url, customer.access, room], tmp_path)

    assert (await asyncio.to_thread(install_and_run)).strip() == "1 from an installed package"
    page = await customer.rest.get(f"/chat/conversations/{room}/messages")
    assert [message["content"] for message in page["results"]] == ["from an installed package"]


def test_the_source_distribution_has_the_modules_of_the_wheel(dist: Mapping[str, Path]) -> None:
    with ZipFile(dist[".whl"]) as wheel:
        built = {
            name: wheel.read(name) for name in wheel.namelist() if name.startswith("business_chat_client/")
        }
    with tarfile.open(dist[".tar.gz"]) as source:
        files = {member.name: source.extractfile(member) for member in source.getmembers() if member.isfile()}
        held = {
            name.partition("/src/")[2]: file.read()
            for name, file in files.items()
            if file and "/src/" in name
        }
    assert "business_chat_client/py.typed" in built
    assert held == built
