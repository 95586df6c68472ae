"""Ask an assistant, check its texts, and count the outcome."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings

from chatsite.config.limits import limits
from chatsite.observability.metrics.instruments import Counter
from conversations.assistants.types import AssistantRequest
from conversations.host_functions import FunctionFailed, HostFunctions
from conversations.validation import storable

logger = logging.getLogger(__name__)

MOST_CALLS: Final = 4  # at once in one process. One that hangs holds its place until it ends
MOST_TEXTS: Final = 5

assistant_calls = Counter("chat_assistant_calls", "Calls of assistants.", "outcome")
_assistants: Final = HostFunctions("assistant", MOST_CALLS)


def ask_assistant(path: str, request: AssistantRequest) -> list[str] | None:
    """Return the texts, or None if the assistant does not offer them. Raises `FunctionFailed`."""
    try:
        texts = _assistants.call(path, request, seconds=settings.CHAT_ASSISTANT_SECONDS, check=_checked)
    except FunctionFailed as failure:
        assistant_calls.add(1, failure.outcome)
        logger.warning(
            "the assistant %s did not answer: %s", path, failure.outcome, exc_info=failure.__cause__
        )
        raise
    assistant_calls.add(1, "answered" if texts is not None else "declined")
    return texts


def _checked(texts: Any) -> list[str] | None:
    """Raise `TypeError` or `ValueError` unless these are texts that could be sent as messages."""
    if texts is None:
        return None
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise TypeError("An assistant must return a list of texts or None.")
    kept = list(texts)[:MOST_TEXTS]
    for text in kept:
        if not isinstance(text, str) or not text.strip() or not storable(text):
            raise ValueError("An assistant returned a text that is empty or cannot be stored.")
        if len(text) > limits().message_length:
            raise ValueError("An assistant returned a text that is longer than a message.")
    return kept
