"""REST of the settings that a business has once, such as its automatic answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.viewsets import StructViewSet


@dataclass(frozen=True, kw_only=True)
class SettingsOperations:
    """The operations of the settings. Both return them, and take `user_id` and `business_id`, the second a `body`."""

    read: Callable[..., Any]
    replace: Callable[..., Any]


class BusinessSettingsViewSet(StructViewSet):
    """Shows and replaces the settings of a business, by its id. They are one struct, sent and answered alike.

    The operations check that members read them, and that only owners set them.
    """

    settings_operations: ClassVar[SettingsOperations]

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.settings_operations.read(user_id=request.user.pk, business_id=pk))

    def update(self, request: Request, pk: str) -> Response:
        """Replace the settings, as an owner of the business."""
        body = read_body(request, self.bodies["default"])
        return Response(self.settings_operations.replace(user_id=request.user.pk, business_id=pk, body=body))
