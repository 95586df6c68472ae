"""The addresses of scripts, styles and texts in the templates."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.urls import reverse

from chatsite.web.script_modules import modules_of
from chatsite.web.static_files import FOLDER, BundledStaticStorage

register = template.Library()
LOCALES = Path(__file__).parents[1] / "locale"


@register.simple_tag
def bundle(entry: str) -> str:
    """Return the address of the entry's bundle, or of the entry itself if there are no bundles."""
    return static(f"{FOLDER}/{entry}" if _is_bundled(entry) else entry)


@register.simple_tag
def modules_to_preload(entry: str) -> list[str]:
    """Return the addresses of all modules of an entry that is not bundled, so that they are fetched side by side."""
    return [] if _is_bundled(entry) else [static(module) for module in modules_of(entry)]


@register.simple_tag
def texts_address(language: str) -> str:
    """Return the address of the texts of the scripts. It changes with the texts, so that browsers keep them."""
    return f"{reverse('web:texts')}?{language}-{_version(language)}"


def _is_bundled(entry: str) -> bool:
    storage = staticfiles_storage
    # The lazy object passes `isinstance` on to the storage.
    return not settings.DEBUG and isinstance(storage, BundledStaticStorage) and storage.has_bundle(entry)


@functools.cache
def _version(language: str) -> str:
    compiled = LOCALES / language / "LC_MESSAGES" / "djangojs.mo"
    return (
        hashlib.md5(compiled.read_bytes(), usedforsecurity=False).hexdigest()[:10]
        if compiled.is_file()
        else "0"
    )
