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


def typed_nullables(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Give a nullable reference the type of its target: OpenAPI 3.0 has no `nullable` without `type`."""
    schemas = result["components"]["schemas"]
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            parts = [part for key in ("allOf", "oneOf") for part in field.get(key, ()) if "$ref" in part]
            if not field.get("nullable") or "type" in field:
                continue
            if parts:
                target = schemas[parts[0]["$ref"].rpartition("/")[2]]
                field["type"] = target.get("type", "object")
            else:
                del field["nullable"]  # any value, null too
    return result
