"""The wire objects of assistants."""

from __future__ import annotations

from typing import Annotated, Final

from chatsite.struct_schema import documented
from conversations.assistants.types import Kind
from conversations.serializers import WireObject

LANGUAGE_LENGTH: Final = 35  # of a language tag


class AssistBody(WireObject, kw_only=True):
    kind: Kind
    language: Annotated[str, documented(maxLength=LANGUAGE_LENGTH)] = ""


class AssistantAnswer(WireObject, kw_only=True):
    """The texts of one assistant. `failed` is true if it gave no answer. People then continue without it."""

    assistant: str
    failed: bool
    texts: list[str]


class AssistanceObject(WireObject, kw_only=True):
    """What the assistants offer. Without assistants, `answers` is empty."""

    kind: Kind
    answers: list[AssistantAnswer]
