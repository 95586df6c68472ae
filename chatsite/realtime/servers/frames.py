"""Text frames of RFC 6455 as a server sends them: final, unmasked and uncompressed."""

from __future__ import annotations

from collections.abc import Iterable


def encode_text_frames(payloads: Iterable[bytes]) -> bytes:
    """Encode each payload (UTF-8) as one text frame. permessage-deflate allows any message to be uncompressed."""
    parts: list[bytes] = []
    for payload in payloads:
        length = len(payload)
        if length < 126:
            head = bytes((0x81, length))
        elif length < 65_536:
            head = b"\x81\x7e" + length.to_bytes(2)
        else:
            head = b"\x81\x7f" + length.to_bytes(8)
        parts += (head, payload)
    return b"".join(parts)
