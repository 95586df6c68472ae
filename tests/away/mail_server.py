"""An SMTP server in its own process: `python -m tests.away.mail_server PORT FOLDER`.

It writes each accepted mail to a file in FOLDER. While FOLDER has a file `answer`, the server refuses mails with its
text, such as `451 try again`. While FOLDER has a file `hold`, the server accepts mails but does not confirm them.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class Mailbox:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(len(list(folder.glob("*.eml"))) + 1)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self._folder / "answer"
        if answer.exists():
            return answer.read_text()
        name = self._folder / f"{next(self._numbers):05}.eml"
        unfinished = name.with_suffix(".tmp")
        unfinished.write_bytes(envelope.content)
        unfinished.rename(name)
        while (self._folder / "hold").exists():  # noqa: ASYNC110  another process removes it
            await asyncio.sleep(0.02)
        return "250 taken"


async def serve(port: int, folder: Path) -> None:
    mailbox = Mailbox(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, enable_SMTPUTF8=True), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
