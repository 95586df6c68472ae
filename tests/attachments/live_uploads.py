"""Uploads to a real server: complete ones, and ones over a bare socket that a test can cut off."""

from __future__ import annotations

import socket
import struct
import tempfile
from pathlib import Path

import httpx

from conversations.attachments.scratch import PREFIX
from tests.harness.cast import Login
from tests.harness.patience import patience
from tests.harness.rest import NO_TLS, Json
from tests.harness.servers import Server

_NO_LINGER = struct.pack("ii", 1, 0)  # close with RST


def scratch_of(pid: int) -> list[Path]:
    """Return the process's folders for temporary files, with their content."""
    folders = list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{pid}-*"))
    return folders + [path for folder in folders for path in folder.rglob("*")]


def upload_to(server: Server, login: Login, content: bytes) -> Json:
    answer = httpx.post(
        f"{server.url}/chat/uploads",
        files={"file": ("photo.jpg", content)},
        headers={"Authorization": f"Bearer {login.access}"},
        trust_env=False,
        verify=NO_TLS,
        timeout=patience(30),
    )
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


class SlowUpload:
    def __init__(self, server: Server, login: Login, content: bytes) -> None:
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n\r\n'
        self.body = head + content + b"\r\n--b--\r\n"
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=patience(20))
        self._socket.sendall(
            (
                f"POST /chat/uploads HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                f"Authorization: Bearer {login.access}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                f"Content-Length: {len(self.body)}\r\n\r\n"
            ).encode()
        )

    def send(self, size: int) -> None:
        """Send the first bytes of the body."""
        self._socket.sendall(self.body[:size])

    def close(self) -> None:
        self._socket.close()

    def cut(self) -> None:
        """Close the socket without an orderly TCP shutdown."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._socket.close()
