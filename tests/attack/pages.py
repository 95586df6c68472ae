"""Compare what a page needs from the browser with the page's content security policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

Policy = dict[str, list[str]]


def parsed_policy(header: str) -> Policy:
    directives = [part.split() for part in header.split(";") if part.strip()]
    return {name: values for name, *values in directives}


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class Page(HTMLParser):
    """Collects `wanted`: (the thing, the directives that apply to it, the source that one of them must allow)."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wanted: list[tuple[str, tuple[str, ...], str]] = []
        self._inside = ""
        self._text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        for name, value in given.items():
            if name.startswith("on"):
                self._want(f"{tag} {name}", ("script-src-attr", "script-src"), hash_of(value))
            if name == "style":
                self._want(f"style of {tag}: {value}", ("style-src-attr", "style-src"), hash_of(value))
            if value.strip().lower().startswith("javascript:"):
                self._want(f"{tag} {name}", ("script-src",), "'unsafe-inline'")
        self._sources(tag, given)
        runs = tag == "script" and "src" not in given and given.get("type", "") != "application/json"
        if tag == "style" or runs:
            self._inside, self._text = tag, ""

    def _sources(self, tag: str, given: dict[str, str]) -> None:
        if tag == "link" and given.get("rel") == "stylesheet":
            self._want_source(given["href"], "style-src")
        if tag == "link" and "icon" in given.get("rel", ""):
            self._want_source(given["href"], "img-src")
        if tag == "script" and "src" in given:
            self._want_source(given["src"], "script-src")
        if tag in {"img", "input"} and "src" in given:
            self._want_source(given["src"], "img-src")
        if tag == "form" and given.get("action"):
            self._want_source(given["action"], "form-action")
        if tag in {"base", "iframe", "object", "embed"}:
            self._want(f"a {tag}", (f"{tag}-src",), "'self'")

    def _want_source(self, url: str, directive: str) -> None:
        parts = urlsplit(url)
        own = not parts.netloc and parts.scheme in {"", "data"}
        source = "data:" if parts.scheme == "data" else "'self'" if own else url
        self._want(f"{directive} {url}", (directive,), source)

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._want(f"an inline {tag}", (f"{tag}-src",), hash_of(self._text))
            self._inside = ""

    def _want(self, what: str, directives: tuple[str, ...], source: str) -> None:
        self.wanted.append((what, directives, source))

    def violations(self, policy: Policy) -> Iterator[str]:
        """Return what the policy would not let the page do."""
        for what, directives, source in self.wanted:
            ruling = next((name for name in directives if name in policy), "default-src")
            if source not in policy.get(ruling, []):
                yield f"{what}: {ruling} has no {source}"
