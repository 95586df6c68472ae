"""OpenAPI: what drf-spectacular cannot read off the views by itself."""

from __future__ import annotations

from typing import Any


def without_trailing_slashes(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Show each path as the contract writes it: a trailing slash is accepted, and never needed."""
    result["paths"] = {path.rstrip("/") or "/": item for path, item in result["paths"].items()}
    return result


def lists_in_pages(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A list is answered as `{results, next, previous}`; the views name the rows alone."""
    link: dict[str, Any] = {"type": ["string", "null"], "format": "uri"}
    if result["openapi"].startswith("3.0"):
        link = {"type": "string", "format": "uri", "nullable": True}
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
