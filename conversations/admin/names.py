"""Show names so that they cannot change the text around them.

A name may hold characters that reverse what follows it, such as U+202E. HTML isolates it with `<bdi>`; plain text, such
as a page's title, with the isolating characters of Unicode.
"""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

FIRST_STRONG_ISOLATE: Final = "\u2068"
POP_ISOLATE: Final = "\u2069"


def isolate(name: object) -> SafeString:
    """The name in HTML."""
    return format_html("<bdi>{}</bdi>", name)


def isolate_text(name: object) -> str:
    """The name in plain text."""
    return f"{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}"
