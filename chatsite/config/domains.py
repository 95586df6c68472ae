"""Domain names: their spelling in ASCII, and the suffixes under which anybody may register a name."""

from __future__ import annotations

from functools import cache

import idna
from publicsuffixlist import PublicSuffixList


def to_ascii(host: str) -> str:
    """The host in lower case as browsers spell it (UTS 46, IDNA 2008): `xn--…` for other letters than English ones.

    Raise `ValueError` for one that cannot be spelled.
    """
    return host.lower() if host.isascii() else idna.encode(host, uts46=True).decode("ascii")


def is_public_suffix(domain: str) -> bool:
    """Whether names under the domain belong to many owners, as those under `com`, `co.uk` and `github.io` do."""
    return bool(_suffixes().is_public(domain.strip(".")))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # the list in the package; nothing is fetched
