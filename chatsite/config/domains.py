"""Encode domain names in ASCII, and recognise public suffixes."""

from __future__ import annotations

from functools import cache

import idna
from publicsuffixlist import PublicSuffixList


def to_ascii(host: str) -> str:
    """Encode the host in lower-case ASCII as browsers do (UTS 46, IDNA 2008), for example as `xn--…`.

    Raise `ValueError` if the host cannot be encoded.
    """
    return host.lower() if host.isascii() else idna.encode(host, uts46=True).decode("ascii")


def is_public_suffix(domain: str) -> bool:
    """Return whether anybody may register names under the domain, as under `com`, `co.uk` and `github.io`."""
    return bool(_suffixes().is_public(domain.strip(".")))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # the list comes with the package; nothing is downloaded
