"""Read the documented form: JSON Lines with a header, conversations, each followed by its messages, and an end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from chatsite.legacy_import.errors import ImportStopped
from chatsite.transfer.records import (
    Broken,
    ConversationLine,
    EndLine,
    Found,
    HeaderLine,
    MessageLine,
    Record,
)

_decode: Final = msgspec.json.Decoder(HeaderLine | ConversationLine | MessageLine | EndLine).decode


def read(lines: Iterable[bytes]) -> Iterator[Record]:
    """Yield the messages. A broken line is yielded as such. A cut-off file raises `ImportStopped` at its end."""
    conversation: ConversationLine | None = None
    number = 0
    ended = False
    for number, text in enumerate(lines, start=1):
        try:
            line = _decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if number == 1:
                raise ImportStopped(f"Line 1 is not the header of this form: {error}") from error
            if b'"conversation"' in text[:200]:
                conversation = None  # its messages must not join the conversation before it
            yield Broken(str(error), number)
            continue
        if number == 1 and not isinstance(line, HeaderLine):
            raise ImportStopped('Line 1 must be {"kind":"header","format":"business-chat","version":1}.')
        if isinstance(line, ConversationLine):
            conversation = line
        elif isinstance(line, MessageLine):
            if conversation is None:
                yield Broken("The message belongs to no conversation line.", number)
            else:
                yield Found(conversation, line, line=number)
        ended = isinstance(line, EndLine)
    if not ended:
        raise ImportStopped(f"The file ends after line {number} without its end line: it is incomplete.")
