"""The base classes of the REST viewsets of all apps.

They are not in `chatsite.http.api`, because Django REST framework imports that module while it imports its own views.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import BaseSerializer

from chatsite.http.query_parameters import query_integer
from chatsite.http.struct_serializers import serializer_for

LIMIT = OpenApiParameter("limit", int, description="Rows of the page, from 1 to 200. The default is 50.")


def page_limit(request: Request) -> int:
    """Return `?limit=` or the default. Raise `invalid` if it is more than a page may have."""
    most = settings.CHAT.page_most
    return query_integer(request, "limit", at_least=1, at_most=most) or settings.CHAT.page_default


class StructViewSet(viewsets.GenericViewSet[Any]):
    """A viewset whose bodies are structs. The browsable API takes the form of each action from `bodies`.

    Operations and queries read the rows. `queryset` is only for OpenAPI, which derives the type of ids from it.
    """

    bodies: ClassVar[dict[str, type[msgspec.Struct]]] = {}
    # What an API key needs, by action, or else for `view` and `change`. Without an entry no key may do it.
    scopes: ClassVar[dict[str, str]] = {}
    pagination_class = None
    filter_backends: Any = ()

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        action_name = getattr(self, "action", None) or ""
        return serializer_for(self.bodies.get(action_name, self.bodies["default"]))

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Any]:
        # Without other arguments the browsable API shows an empty form instead of one with the page's data.
        return super().get_serializer(**{key: value for key, value in kwargs.items() if key == "data"})


class Router(SimpleRouter):
    """Accept paths with and without a trailing slash."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
