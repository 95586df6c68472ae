"""After a test that commits, no row of it is left, and permissions are."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection

from conversations.models import Business, Membership

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("turn", [1, 2])
def test_rows_are_gone_and_permissions_are_there(turn: int) -> None:
    assert not User.objects.exists()
    assert not Membership.objects.exists()
    shown = Permission.objects.filter(codename="view_business")
    assert shown.count() == 1
    business = Business.objects.create(name="Shop", slug="shop")
    user = User.objects.create_user("olivia")
    user.user_permissions.set(shown)
    Membership.objects.create(business=business, user=user, role="owner")


def test_a_flush_of_an_empty_database_does_nothing() -> None:
    call_command("flush", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM auth_permission")
        assert cursor.fetchone()[0] > 100
