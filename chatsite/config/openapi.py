"""The settings of drf-spectacular, which writes the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

TAGS: Final = {
    "auth": "Log in, renew tokens, log out.",
    "bots": "Bots of a business and their API keys.",
    "chat": "Conversations, messages, files, search, blocks and reports.",
    "me": "Settings of the signed-in user.",
    "notifications": "Notifications of the signed-in user.",
    "offers": "Offers of a business to its customers.",
    "presence": "Who is online.",
    "push": "Browsers that get pushes.",
    "team": "What the members of a business share. Customers see none of it.",
    "webhooks": "Events for other systems.",
    "widget": "The chat on a business's own site.",
}

OPENAPI: Final[dict[str, Any]] = {
    "TITLE": "Business chat",
    "DESCRIPTION": "The REST half of the chat. `/api/events` describes the live half.",
    "VERSION": "1",
    "LICENSE": {"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"},
    "CONTACT": {"name": "The operator of this site"},
    "SERVERS": [{"url": "/"}],
    "TAGS": [{"name": name, "description": text} for name, text in TAGS.items()],
    # With 3.1 a schema is JSON Schema, as in the AsyncAPI document.
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Requests and responses have separate schemas: a login request has a password, its response has tokens.
    "COMPONENT_SPLIT_REQUEST": True,
    # The body of a PATCH has its own struct, which says what may be missing.
    "COMPONENT_SPLIT_PATCH": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "chatsite.http.schema.without_trailing_slashes",
        "chatsite.http.schema.lists_in_pages",
        "chatsite.http.openapi.json_bodies",
        "chatsite.http.openapi.bounds",
        "chatsite.http.openapi.public_operations",
        "chatsite.http.openapi.summaries",
        "chatsite.http.openapi.documented_errors",
        "chatsite.http.examples.examples",
    ],
    # Serve the documentation page's files from this site.
    "SWAGGER_UI_DIST": "SIDECAR",
    # `deepLinking` puts a link into each button, which screen readers cannot reach.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False},
    "ENUM_NAME_OVERRIDES": {
        "SideEnum": ["business", "customer", "system"],
        "MessageTypeEnum": ["file", "image", "system", "text", "voice"],
        "ClientMessageTypeEnum": ["text", "image", "file", "voice"],
        "AttachmentKindEnum": ["file", "image", "video", "voice"],
        "AssistanceKindEnum": ["suggestions", "summary", "translation"],
        "OfferStatusEnum": ["accepted", "declined", "expired", "pending", "withdrawn"],
        "MessageStatusEnum": ["delivered", "read", "sent"],
        "CannedAnswerScopeEnum": ["business", "group", "private"],
        "ViewScopeEnum": ["business", "private"],
        "TeamStatusEnum": ["open", "pending", "resolved", "snoozed"],
    },
}
