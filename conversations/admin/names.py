"""Isolate names, so that they cannot change the direction of the text around them.

A name may contain characters that reverse the following text, such as U+202E. In HTML `<bdi>` isolates it. In plain
text, such as the title of a page, the isolating characters of Unicode do.
"""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

FIRST_STRONG_ISOLATE: Final = "\u2068"
POP_ISOLATE: Final = "\u2069"


def isolate(name: object) -> SafeString:
    """Return the name as HTML."""
    return format_html("<bdi>{}</bdi>", name)


def isolate_text(name: object) -> str:
    """Return the name as plain text."""
    return f"{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}"
