"""The settings of drf-spectacular, which writes the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

OPENAPI: Final[dict[str, Any]] = {
    "TITLE": "Business chat",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Requests and responses have separate schemas: a login request has a password, its response has tokens.
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "chatsite.http.schema.without_trailing_slashes",
        "chatsite.http.schema.lists_in_pages",
        "chatsite.http.openapi.json_bodies",
        "chatsite.http.openapi.bounds",
        "chatsite.http.openapi.summaries",
        "chatsite.http.openapi.documented_errors",
    ],
    # Serve the documentation page's files from this site.
    "SWAGGER_UI_DIST": "SIDECAR",
    # A link of its own in each button, which `deepLinking` makes, is out of reach of screen readers.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False},
    "ENUM_NAME_OVERRIDES": {
        "SideEnum": ["business", "customer", "system"],
        "AttachmentKindEnum": ["file", "image", "video", "voice"],
        "AssistanceKindEnum": ["suggestions", "summary", "translation"],
        "TeamStatusEnum": ["open", "pending", "resolved", "snoozed"],
    },
}
