"""Decodes what the server sends, and keeps the fields of messages and conversations that this client does not know."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from business_chat_client.objects import ConversationDetails, Message

Answer = TypeVar("Answer")


def _wire_names(kind: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind)) - {"extra"}


_MESSAGE: Final = _wire_names(Message)
_CONVERSATION: Final = _wire_names(ConversationDetails)


def decode(data: msgspec.Raw | bytes, kind: type[Answer]) -> Answer:
    """Decode an object of this type. Raises `msgspec.ValidationError`."""
    return msgspec.convert(_keep_unknown(msgspec.json.decode(data)), kind)


def _keep_unknown(value: Any) -> Any:
    """Move unknown fields of every message and conversation in `value` into its `extra`."""
    if isinstance(value, list):
        return [_keep_unknown(each) for each in value]
    if not isinstance(value, dict):
        return value
    known = _known_names(value)
    if known is None:
        return {name: _keep_unknown(each) for name, each in value.items()}
    extra = {name: each for name, each in value.items() if name not in known}
    return {**{name: each for name, each in value.items() if name in known}, "extra": extra}


def _known_names(value: dict[str, Any]) -> frozenset[str] | None:
    if "messageType" in value and "seq" in value:
        return _MESSAGE
    if "customerId" in value and "lastSeq" in value:
        return _CONVERSATION
    return None
