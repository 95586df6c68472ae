"""REST of the groups and labels of a team: list, make, change and delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.pagination import CursorPages
from chatsite.http.viewsets import StructViewSet
from conversations.business_parameter import business_of


class IdPages(CursorPages):
    ordering = ("id",)


@dataclass(frozen=True, kw_only=True)
class NamedOperations:
    """What a viewset calls. `make` and `change` return the row."""

    of_business: Callable[[Any, str], QuerySet[Any]]  # user, business
    make: Callable[..., Any]  # user_id, body
    change: Callable[..., Any]  # user_id, row_id, body
    delete: Callable[..., None]  # user_id, row_id
    show: Callable[[Any], Any]


class NamedViewSet(StructViewSet):
    """Lists and changes rows that have a name within their business. The operations check what the user may do."""

    named_operations: ClassVar[NamedOperations]

    def list(self, request: Request) -> Response:
        operations = self.named_operations
        rows = operations.of_business(request.user.pk, business_of(request))
        return IdPages().respond(request, rows, operations.show)

    def create(self, request: Request) -> Response:
        operations, body = self.named_operations, read_body(request, self.bodies["create"])
        row = operations.make(user_id=request.user.pk, body=body)
        return Response(operations.show(row), status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        operations, body = self.named_operations, read_body(request, self.bodies["default"])
        row = operations.change(user_id=request.user.pk, row_id=pk, body=body)
        return Response(operations.show(row))

    def destroy(self, request: Request, pk: str) -> Response:
        self.named_operations.delete(user_id=request.user.pk, row_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
