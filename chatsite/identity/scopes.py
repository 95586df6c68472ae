"""What an API key may do over REST. A view names the scopes of its actions. An action without one accepts no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from chatsite.identity.models import ApiKey
from chatsite.realtime.identity import missing_scope

if TYPE_CHECKING:  # REST framework imports this module while it imports its views
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """`view.scopes` maps an action, or else `view` and `change`, to a scope. "" stands for every key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiKey):
            return True
        scopes: dict[str, str] = getattr(view, "scopes", {})
        kind = "view" if request.method in SAFE_METHODS else "change"
        scope = scopes.get(getattr(view, "action", None) or "", scopes.get(kind))
        if scope is None or (scope and scope not in request.auth.scopes):
            raise PermissionDenied(missing_scope(scope))
        return True
