"""A mailbox on an IMAP server with TLS. It implements the commands that `receive_mail --imap` uses."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from pathlib import Path


class Server(socketserver.ThreadingTCPServer):
    """`mails` are the content of the mailbox. `seen` has the numbers of those that were marked as seen."""

    daemon_threads = True

    def __init__(self, mails: list[bytes]) -> None:
        self.mails = mails
        self.seen: set[int] = set()
        super().__init__(("127.0.0.1", 0), Session)


class Session(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self._say("* OK ready")
        for line in self.rfile:
            tag, name, rest = (*line.decode().strip().split(" ", 2), "")[:3]
            command = getattr(self, f"_{name.lower()}", None)
            is_done = command is None or command(rest) is not False
            self._say(f"{tag} {'OK' if is_done else 'NO'} done")

    def _capability(self, rest: str) -> None:
        self._say("* CAPABILITY IMAP4REV1")

    def _login(self, rest: str) -> bool:
        return rest == 'carol "s3cret pass"'

    def _select(self, rest: str) -> None:
        self._say(f"* {len(self.server.mails)} EXISTS")

    def _search(self, rest: str) -> None:
        unseen = set(range(1, len(self.server.mails) + 1)) - self.server.seen
        self._say(f"* SEARCH {' '.join(map(str, sorted(unseen)))}")

    def _fetch(self, rest: str) -> None:
        number = int(rest.split(maxsplit=1)[0])
        raw = self.server.mails[number - 1]
        self._say(f"* {number} FETCH (BODY[] {{{len(raw)}}}")
        self.wfile.write(raw)
        self._say(")")

    def _store(self, rest: str) -> None:
        self.server.seen |= {int(found) for found in re.findall(r"^(\d+) \+FLAGS", rest)}

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Mailbox:
    """Serves these mails until it is closed."""

    def __init__(self, certificate: Path, mails: list[bytes]) -> None:
        self._server = Server(mails)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def seen(self) -> set[int]:
        return self._server.seen

    @property
    def url(self) -> str:
        return f"imaps://carol:s3cret%20pass@127.0.0.1:{self._server.server_address[1]}/INBOX"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
