"""Request and response bodies of `/auth/`. Each serializer validates the fields and calls an operation."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from rest_framework import serializers

from chatsite.identity import operations, tokens


class TextField(serializers.CharField):
    """A text field that rejects numbers and lists instead of converting them."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class LoginSerializer(serializers.Serializer[Any]):
    """`{username, password}` in, `{access, refresh}` out."""

    username = TextField(write_only=True, max_length=254)
    password = TextField(
        write_only=True, max_length=4096, trim_whitespace=False, style={"input_type": "password"}
    )
    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)

    def validate_username(self, value: str) -> str:
        return get_user_model().normalize_username(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        request = self.context.get("request")
        pair = operations.log_in(**attrs, request=getattr(request, "_request", None))
        return {"access": pair.access, "refresh": pair.refresh}


class RefreshSerializer(serializers.Serializer[Any]):
    """`{refresh}` in, `{access, refresh}` out."""

    refresh = TextField(max_length=4096)
    access = serializers.CharField(read_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        pair = operations.rotate_login(refresh=attrs["refresh"])
        return {"access": pair.access, "refresh": pair.refresh}


class VerifySerializer(serializers.Serializer[Any]):
    """`{token}` in, `{}` out."""

    token = TextField(write_only=True, max_length=4096)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        tokens.verify(attrs["token"])
        return {}


class LogoutSerializer(serializers.Serializer[Any]):
    """`{refresh}` in."""

    refresh = TextField(write_only=True, max_length=4096)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        operations.end_login(refresh=attrs["refresh"])
        return {}


class TicketSerializer(serializers.Serializer[Any]):
    """Nothing in, `{ticket}` out."""

    ticket = serializers.CharField(read_only=True)
