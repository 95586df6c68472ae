"""The JSON module of python-socketio and python-engineio: msgspec, and one kind of error for everything bad.

The libraries expect the standard library's interface and catch `ValueError` alone, where deep nesting raises
`RecursionError` instead. The setting is theirs for the whole process.
"""

from __future__ import annotations

from typing import Any

import msgspec


def dumps(value: Any, **options: Any) -> str:
    """Compact JSON. `options` are the standard library's, and not needed."""
    return msgspec.json.encode(value).decode()


def loads(text: str | bytes, **options: Any) -> Any:
    """Raises `ValueError` for what is not JSON, too deep, or a number out of range."""
    try:
        return msgspec.json.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
