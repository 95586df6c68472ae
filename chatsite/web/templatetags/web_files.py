"""The addresses of scripts, styles and texts in the templates."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final
from urllib.parse import quote

from django import template
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.urls import reverse

from chatsite.web.script_modules import modules_of
from chatsite.web.static_files import FOLDER, SPLIT_ENTRIES, BundledStaticStorage

register = template.Library()
_PLAIN: Final = " /:=;,.'()-"  # what an address in quotes may contain as it is
LOCALES = Path(__file__).parents[1] / "locale"


@register.simple_tag
def bundle(entry: str) -> str:
    """Return the address of the entry's bundle, or of the entry itself if there are no bundles."""
    if not _is_bundled(entry):
        return static(entry)
    return static(_whole_of(entry) if entry in SPLIT_ENTRIES else f"{FOLDER}/{entry}")


@register.simple_tag
def modules_to_preload(entry: str) -> list[str]:
    """Return the addresses of all modules of an entry that is not bundled, so that they are fetched side by side."""
    return [] if _is_bundled(entry) else [static(module) for module in modules_of(entry)]


@register.simple_tag
@functools.cache
def inline_icon(name: str) -> str:
    """Return the icon as an address that contains it. Browsers ask for an icon again with each page."""
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(name)
    return f"data:image/svg+xml,{quote(Path(str(path)).read_text(), safe=_PLAIN)}"


@register.simple_tag
def texts_address(language: str) -> str:
    """Return the address of the texts of the scripts. It changes with the texts, so that browsers keep them."""
    return f"{reverse('web:texts')}?{language}-{_version(language)}"


def _is_bundled(entry: str) -> bool:
    storage = staticfiles_storage
    # The lazy object passes `isinstance` on to the storage.
    return isinstance(storage, BundledStaticStorage) and storage.has_bundle(entry)


@functools.cache
def _whole_of(entry: str) -> str:
    name: str = staticfiles_storage.whole_of(entry)
    return name


@functools.cache
def _version(language: str) -> str:
    compiled = LOCALES / language / "LC_MESSAGES" / "djangojs.mo"
    return (
        hashlib.md5(compiled.read_bytes(), usedforsecurity=False).hexdigest()[:10]
        if compiled.is_file()
        else "0"
    )
