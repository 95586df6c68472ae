"""The addresses of scripts, styles and texts in the templates."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final
from urllib.parse import quote

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import Storage, storages
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
    storage = _storage_of_bundle(entry)
    if storage is None:
        return static(entry)
    return static(_whole_of(storage, entry) if entry in SPLIT_ENTRIES else f"{FOLDER}/{entry}")


@register.simple_tag
def modules_to_preload(entry: str) -> tuple[str, ...]:
    """Return the addresses of all modules of an entry that is not bundled, so that they are fetched side by side."""
    if _storage_of_bundle(entry):
        return ()
    if settings.DEBUG:  # somebody may be changing the files
        return _addresses_of_modules(entry)
    return _kept_addresses(storages["staticfiles"], entry)


def _addresses_of_modules(entry: str) -> tuple[str, ...]:
    return tuple(static(module) for module in modules_of(entry))


@functools.cache
def _kept_addresses(storage: Storage, entry: str) -> tuple[str, ...]:
    """Return the addresses that the storage gives. It makes more than a hundred, which takes a fifth of a page."""
    return _addresses_of_modules(entry)


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


def _storage_of_bundle(entry: str) -> BundledStaticStorage | None:
    """Return the storage of the static files if it has the entry's bundle."""
    storage = staticfiles_storage
    # The lazy object passes `isinstance` on to the storage.
    if isinstance(storage, BundledStaticStorage) and storage.has_bundle(entry):
        return storage
    return None


@functools.cache
def _whole_of(storage: BundledStaticStorage, entry: str) -> str:
    return storage.whole_of(entry)


@functools.cache
def _version(language: str) -> str:
    compiled = LOCALES / language / "LC_MESSAGES" / "djangojs.mo"
    return (
        hashlib.md5(compiled.read_bytes(), usedforsecurity=False).hexdigest()[:10]
        if compiled.is_file()
        else "0"
    )
