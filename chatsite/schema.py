"""OpenAPI: what drf-spectacular cannot read off the views by itself."""

from __future__ import annotations

from typing import Any


def without_trailing_slashes(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Show each path as the contract writes it: a trailing slash is accepted, and never needed."""
    result["paths"] = {path.rstrip("/") or "/": item for path, item in result["paths"].items()}
    return result
