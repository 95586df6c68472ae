"""The wire objects of assistants."""

from __future__ import annotations

from conversations.assistants.types import Kind
from conversations.serializers import WireObject


class AssistBody(WireObject, kw_only=True):
    kind: Kind
    language: str = ""


class AssistantAnswer(WireObject, kw_only=True):
    """The texts of one assistant. `failed` is true if it gave no answer: the people go on without it."""

    assistant: str
    failed: bool
    texts: list[str]


class AssistanceObject(WireObject, kw_only=True):
    """What the assistants offer. Without assistants, `answers` is empty."""

    kind: Kind
    answers: list[AssistantAnswer]
