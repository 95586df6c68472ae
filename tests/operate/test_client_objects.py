"""Both clients, and the examples of the protocol, have every field of the objects that the server sends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import msgspec
import pytest

from business_chat_client import objects, previews
from conversations import preview_objects, serializers
from conversations.attachment_objects import AttachmentObject

pytestmark = pytest.mark.standalone

ROOT = Path(__file__).parents[2]
TYPES = "".join(path.read_text() for path in sorted((ROOT / "clients/javascript/src").glob("*.d.ts")))
PROTOCOL = (ROOT / "docs/protocol.md").read_text()
Struct = type[msgspec.Struct]

# The object of the server, its interface in the JavaScript client, and its class in the Python client.
OBJECTS: Final[list[tuple[Struct, str, Struct]]] = [
    (serializers.MessageObject, "StoredMessage", objects.Message),
    (serializers.ConversationObject, "ConversationObject", objects.ConversationDetails),
    (serializers.ReactionObject, "Reaction", objects.Reaction),
    (serializers.BusinessObject, "Business", objects.Business),
    (serializers.PersonObject, "Person", objects.Person),
    (serializers.OwnStateObject, "OwnState", objects.OwnState),
    (AttachmentObject, "Attachment", objects.Attachment),
    (preview_objects.LastFilesObject, "LastFiles", previews.LastFiles),
    (preview_objects.LastReactionObject, "LastReaction", previews.LastReaction),
    (preview_objects.LastSenderObject, "LastSender", previews.LastSender),
]
EXAMPLES: Final[list[tuple[str, Struct]]] = [
    ("A **Conversation**", serializers.ConversationObject),
    ("A **ChatMessage**", serializers.MessageObject),
    ("An **Attachment**", AttachmentObject),
]


def wire_names(struct: Struct) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(struct)}


@pytest.mark.parametrize(
    ("sent", "interface", "_received"), OBJECTS, ids=lambda one: getattr(one, "__name__", one)
)
def test_the_javascript_client_has_the_fields(sent: Struct, interface: str, _received: Struct) -> None:
    body = TYPES.split(f"export interface {interface} {{")[1].split("\n}")[0]
    declared = set(re.findall(r"^  readonly (\w+)\??:", body, re.MULTILINE))
    assert wire_names(sent) - declared == set(), f"add them to {interface} in clients/javascript/src/*.d.ts"


@pytest.mark.parametrize(
    ("sent", "_interface", "received"), OBJECTS, ids=lambda one: getattr(one, "__name__", one)
)
def test_the_python_client_has_the_fields(sent: Struct, _interface: str, received: Struct) -> None:
    missing = wire_names(sent) - wire_names(received)
    assert missing == set(), f"add them to {received.__qualname__} in {received.__module__}"


@pytest.mark.parametrize(("title", "sent"), EXAMPLES)
def test_the_examples_of_the_protocol_have_the_fields(title: str, sent: Struct) -> None:
    example = json.loads(PROTOCOL.split(title)[1].split("```json")[1].split("```")[0])
    optional = {f.encode_name for f in msgspec.structs.fields(sent) if f.default is msgspec.UNSET}
    assert wire_names(sent) - optional == example.keys(), (
        f"change the example below {title} in docs/protocol.md"
    )
