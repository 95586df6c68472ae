"""The OpenAPI schema and the migration."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from chatsite.identity import urls


@pytest.mark.django_db
def test_every_view_is_described() -> None:
    schema = SchemaGenerator(patterns=urls.urlpatterns).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    paths = schema["paths"]
    assert {"/token", "/token/refresh", "/token/verify", "/logout", "/ws-ticket", "/me"} <= {
        path.rstrip("/") for path in paths
    }
    assert schema["components"]["securitySchemes"]["accessToken"]["scheme"] == "bearer"


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "identity", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_migration_can_be_taken_back() -> None:
    call_command("migrate", "identity", "zero", verbosity=0)
    call_command("migrate", "identity", verbosity=0)
