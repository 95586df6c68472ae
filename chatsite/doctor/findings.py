"""What a check has found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """`check` names what was looked at; `advice` is what to do, empty where all is well."""

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


def judged(check: str, good: bool, text: str, otherwise: Finding) -> Finding:
    """`text` where it is good, `otherwise` where it is not."""
    return ok(check, text) if good else otherwise


def gathered(name: str, examine: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of one check, and its own failure as the last of them."""
    try:
        yield from examine()
    except Exception as error:  # noqa: BLE001  the doctor must go on to the next patient
        text = str(error).partition("\n")[0] or type(error).__name__
        yield fail(name, f"could not be examined: {type(error).__name__}: {text}", "See the message.")
