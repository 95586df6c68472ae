"""Call an assistant without depending on it: it may hang, raise, or return nonsense."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import Any, Final

from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string

from chatsite.config.limits import limits
from chatsite.observability.metrics.instruments import Counter
from conversations.assistants.types import Assistant, AssistantRequest
from conversations.validation import storable

logger = logging.getLogger(__name__)

MOST_CALLS: Final = 4  # at once in one process. One that hangs holds its place until it ends
MOST_TEXTS: Final = 5

assistant_calls = Counter("chat_assistant_calls", "Calls of assistants.", "outcome")
_places: Final = threading.BoundedSemaphore(MOST_CALLS)


class AssistantFailed(Exception):
    """There is no answer. `outcome` is `busy`, `timeout` or `error`."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@lru_cache(maxsize=32)
def find_assistant(path: str) -> Assistant:
    """The function of a dotted path. A class is created once."""
    found: Any = import_string(path)
    assistant: Assistant = found() if isinstance(found, type) else found
    return assistant


def ask_assistant(path: str, request: AssistantRequest) -> list[str] | None:
    """Return the texts, or None if the assistant does not offer them. Raises `AssistantFailed`."""
    try:
        texts = _call(path, request)
    except AssistantFailed as failure:
        assistant_calls.add(1, failure.outcome)
        logger.warning(
            "the assistant %s did not answer: %s", path, failure.outcome, exc_info=failure.__cause__
        )
        raise
    assistant_calls.add(1, "answered" if texts is not None else "declined")
    return texts


def _call(path: str, request: AssistantRequest) -> list[str] | None:
    """Run the assistant on a thread of its own, because a thread that hangs cannot be ended.

    It is a daemon, so that it does not keep the process from ending either.
    """
    if not _places.acquire(blocking=False):
        raise AssistantFailed("busy")
    outcome: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_run, args=(path, request, outcome), name="assistant", daemon=True).start()
    try:
        found = outcome.get(timeout=settings.CHAT_ASSISTANT_SECONDS)
    except Empty as error:
        raise AssistantFailed("timeout") from error
    if isinstance(found, Exception):
        raise AssistantFailed("error") from found
    texts: list[str] | None = found
    return texts


def _run(path: str, request: AssistantRequest, outcome: SimpleQueue[Any]) -> None:
    try:
        outcome.put(_checked(find_assistant(path)(request)))
    except Exception as error:  # noqa: BLE001  the code of the host project may raise anything
        outcome.put(error)
    finally:
        connections.close_all()  # those that the assistant has used on this thread
        _places.release()


def _checked(texts: Any) -> list[str] | None:
    """Raise `TypeError` or `ValueError` unless these are texts that could be sent as messages."""
    if texts is None:
        return None
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise TypeError("An assistant returns a list of texts, or None.")
    kept = list(texts)[:MOST_TEXTS]
    for text in kept:
        if not isinstance(text, str) or not text.strip() or not storable(text):
            raise ValueError("An assistant returned a text that is empty or cannot be stored.")
        if len(text) > limits().message_length:
            raise ValueError("An assistant returned a text that is longer than a message.")
    return kept
