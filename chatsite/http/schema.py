"""Hooks that correct what drf-spectacular derives from the views for OpenAPI."""

from __future__ import annotations

from typing import Any


def without_trailing_slashes(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Remove trailing slashes from paths, because they are optional."""
    result["paths"] = {path.rstrip("/") or "/": item for path, item in result["paths"].items()}
    return result


def lists_in_pages(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Wrap the rows of lists in `{results, next, previous}`, because the views declare the rows only."""
    link: dict[str, Any] = {"type": ["string", "null"], "format": "uri"}
    for item in result["paths"].values():
        for content in item.get("get", {}).get("responses", {}).get("200", {}).get("content", {}).values():
            rows = content.get("schema", {})
            if rows.get("type") == "array":
                content["schema"] = {
                    "type": "object",
                    "properties": {"results": rows, "next": link, "previous": link},
                    "required": ["results", "next", "previous"],
                }
    return result
