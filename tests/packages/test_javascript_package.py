"""The JavaScript client, installed into an empty project, talks with a site, and its types compile there."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.harness.cast import Cast
from tests.harness.processes import ROOT
from tests.packages.conftest import run

pytestmark = pytest.mark.fleet

PINNED = json.loads((ROOT / "tests" / "client_js" / "package.json").read_text())["devDependencies"]

PROGRAM = """
import { WebSocket } from "ws";
import { ChatClient } from "business-chat-client";

const [url, token, room] = process.argv.slice(2);
const client = new ChatClient({ url, token, WebSocket }).connect();
const message = await client.join(room).send("from an installed package").acked();
console.log(message.seq, message.content);
client.close();
process.exit(0);
"""

USAGE = """
import { ChatClient, type ChatMessage } from "business-chat-client";

const client: ChatClient = new ChatClient({ url: "/chat", token: "t" }).connect();
const shown: readonly ChatMessage[] = client.join("id").messages;
// @ts-expect-error: a message has no such field
shown.map((message) => message.nothing);
"""

REACT_USAGE = """
import { createElement } from "react";
import { SocketProvider, useChat } from "business-chat-client/react";

export function Chat({ id }: { id: string }) {
  return createElement("p", null, useChat(id).messages.length);
}
export const page = createElement(SocketProvider, { url: "/chat", token: "t" }, createElement(Chat, { id: "1" }));
"""


def new_project(folder: Path, *packages: str) -> None:
    if shutil.which("npm") is None:
        pytest.skip("NOT TESTED: packages of the clients need npm (Debian: npm)")
    (folder / "package.json").write_text(json.dumps({"name": "empty", "private": True, "type": "module"}))
    run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *packages], folder)


def pinned(*names: str) -> list[str]:
    return [f"{name}@{PINNED[name]}" for name in names]


async def test_it_talks_with_a_site(cast: Cast, dist: Mapping[str, Path], tmp_path: Path) -> None:
    customer = await cast.newcomer()
    room = (await cast.conversation(customer))["id"]
    url = cast.stage.deployment.server(customer.home).live_url

    def install_and_run() -> str:
        new_project(tmp_path, str(dist[".tgz"]), *pinned("ws"))
        assert not (tmp_path / "node_modules" / "react").exists()
        (tmp_path / "main.js").write_text(PROGRAM)
        return run(["node", "main.js", url, customer.access, room], tmp_path)

    assert (await asyncio.to_thread(install_and_run)).strip() == "1 from an installed package"


@pytest.mark.standalone
def test_its_types_compile_strictly(dist: Mapping[str, Path], tmp_path: Path) -> None:
    new_project(tmp_path, str(dist[".tgz"]), *pinned("typescript"))
    (tmp_path / "usage.ts").write_text(USAGE)
    compile_types(tmp_path, "usage.ts")
    run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *pinned("react", "@types/react")],
        tmp_path,
    )
    (tmp_path / "chat.ts").write_text(REACT_USAGE)
    compile_types(tmp_path, "usage.ts", "chat.ts")


def compile_types(folder: Path, *files: str) -> None:
    for module, resolution in (("nodenext", "nodenext"), ("esnext", "bundler")):
        options = {
            "strict": True,
            "skipLibCheck": False,
            "exactOptionalPropertyTypes": True,
            "noUncheckedIndexedAccess": True,
            "noEmit": True,
            "target": "es2023",
            "lib": ["es2023", "dom"],
            "module": module,
            "moduleResolution": resolution,
            "types": [],
        }
        (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": files}))
        run(["node", "node_modules/typescript/bin/tsc", "-p", "."], folder)
