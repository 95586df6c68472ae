"""The OpenAPI document has every REST path of the site, with every method, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from rest_framework.views import APIView

from chatsite.observability.access_log import readable_route

ABOUT = {"api/schema", "api/docs"}  # the document's own


def _views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _views(entry, route)
        elif isinstance(entry, URLPattern):
            yield readable_route(route).rstrip("/"), entry.callback


def _served() -> dict[str, set[str]]:
    """Return the methods of the views that answer JSON, by path."""
    found: dict[str, set[str]] = {}
    for path, view in _views(get_resolver()):
        kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
        if kind is None or not issubclass(kind, APIView) or path in ABOUT:
            continue
        actions = getattr(view, "actions", None)
        methods = (
            set(actions) if actions else {name for name in kind.http_method_names if hasattr(kind, name)}
        )
        found.setdefault(path, set()).update(methods - {"options", "head"})
    return found


def _documented() -> dict[str, set[str]]:
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return {path.strip("/"): set(methods) for path, methods in document["paths"].items()}


def _unnamed(paths: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the path without the names of parameters, which drf-spectacular derives from the model."""
    return {
        "/".join("{}" if part[:1] == "{" else part for part in path.split("/")): m
        for path, m in paths.items()
    }


def test_every_path_and_method() -> None:
    served = _unnamed(_served())
    assert len(served) > 20
    assert _unnamed(_documented()) == served


def test_every_tag_is_described_and_every_enumeration_has_a_name_of_its_own() -> None:
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    used = {tag for item in document["paths"].values() for one in item.values() for tag in one["tags"]}
    assert used == {tag["name"] for tag in document["tags"]}
    made_up = [name for name in document["components"]["schemas"] if re.search(r"\d\w*Enum$", name)]
    assert made_up == [], "name them in ENUM_NAME_OVERRIDES"
