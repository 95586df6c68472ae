"""A widget's visitor cannot become a member of another business, whatever code writes the membership."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import QuerySet

from chatsite.errors import DomainError
from chatsite.identity.accounts import open_account
from chatsite.widget.models import ExternalIdentity
from conversations.membership import add_member
from conversations.models import Membership
from tests.widget.conftest import Shop, make_shop


@pytest.fixture
def visitor(shop: Shop) -> User:
    user = open_account(name="Ada")
    ExternalIdentity.objects.create(site=shop.site, kind="signed", subject="s", user=user)
    return user


@pytest.mark.parametrize("kind", ExternalIdentity.Kind.values)
def test_a_visitor_of_one_shop_joins_no_other(shop: Shop, visitor: User, kind: str) -> None:
    ExternalIdentity.objects.update(kind=kind)
    business = make_shop().business
    with pytest.raises(DomainError) as refused:
        Membership.objects.create(business=business, user=visitor)
    assert refused.value.code == "conflict"
    with pytest.raises(DomainError):
        Membership.objects.update_or_create(business=business, user=visitor, defaults={"role": "agent"})
    with pytest.raises(DomainError):
        add_member(business_id=business.pk, user_id=visitor.pk)
    with pytest.raises(DomainError):
        Membership.objects.bulk_create([Membership(business=business, user=visitor)])
    assert not Membership.objects.filter(user=visitor).exists()


def test_a_guest_joins_not_even_the_own_business(shop: Shop, visitor: User) -> None:
    ExternalIdentity.objects.update(kind="guest")
    unchecked: QuerySet[Membership] = QuerySet(Membership)
    with pytest.raises(DomainError) as refused:
        add_member(business_id=shop.business.pk, user_id=visitor.pk)
    assert (refused.value.code, "guest" in refused.value.message) == ("conflict", True)
    unchecked.bulk_create([Membership(business=shop.business, user=visitor)])  # as an older release did
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("check_integrity", stdout=output)
    assert f"user {visitor.pk}: a guest is a member of business {shop.business.pk}" in output.getvalue()


def test_an_update_moves_no_membership(shop: Shop, visitor: User) -> None:
    other = make_shop()
    rows = Membership.objects.filter(business=other.business)
    (row,) = rows
    with pytest.raises(DomainError):
        rows.update(user=visitor)
    row.user = visitor
    with pytest.raises(DomainError), transaction.atomic():
        Membership.objects.bulk_update([row], ["user"])
    with pytest.raises(DomainError):
        row.save()
    assert rows.update(role="owner") == 1
    assert not Membership.objects.filter(user=visitor).exists()


def test_a_visitor_joins_the_own_business(shop: Shop, visitor: User) -> None:
    Membership.objects.bulk_create([Membership(business=shop.business, user=visitor)])
    call_command("check_integrity", stdout=StringIO())


def test_check_integrity_finds_older_rows(shop: Shop, visitor: User) -> None:
    business = make_shop().business
    unchecked: QuerySet[Membership] = QuerySet(Membership)
    unchecked.bulk_create([Membership(business=business, user=visitor)])  # as an older release did
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("check_integrity", stdout=output)
    assert f"user {visitor.pk}: a visitor of business {shop.business.pk}" in output.getvalue()
    assert str(business.pk) in output.getvalue()
