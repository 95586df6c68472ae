"""The storage of static files in production, on a site with DEBUG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chatsite.web.static_files import ENTRIES, SPLIT_ENTRIES, BundledStaticStorage


class EverBundledStorage(BundledStaticStorage):
    offers_bundles = True
    # The page of `tests/browser/threads.py` too.
    entries = (*ENTRIES, "web/test-harness/page.css", "web/test-harness/page.js")
    split_entries = (*SPLIT_ENTRIES, "web/test-harness/page.js")

    def url(self, name: str | None, force: bool = True) -> str:
        address: str = super().url(name, force=True)
        return address

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Compress nothing: it takes longer than everything else, and the browsers are on this machine."""
        yield from ()
