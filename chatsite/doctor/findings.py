"""The result of a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """`check` names what was checked. `advice` says what to do about a problem."""

    check: str
    level: Level
    text: str
    advice: str = ""


def ok(check: str, text: str) -> Finding:
    return Finding(check, "ok", text)


def warn(check: str, text: str, advice: str) -> Finding:
    return Finding(check, "warn", text, advice)


def fail(check: str, text: str, advice: str) -> Finding:
    return Finding(check, "fail", text, advice)


def ok_if(condition: bool, check: str, text: str, otherwise: Finding) -> Finding:
    """Return an `ok` finding with `text` if the condition holds, and `otherwise` if not."""
    return ok(check, text) if condition else otherwise


def guarded(name: str, examine: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the findings of `examine`. If it raises an exception, yield that as the last finding."""
    try:
        yield from examine()
    except Exception as error:  # noqa: BLE001  the other checks must still run
        text = str(error).partition("\n")[0] or type(error).__name__
        yield fail(name, f"The check failed: {type(error).__name__}: {text}", "See the message.")
