"""A widget's visitor becomes a member of no other business, whoever asks."""

from __future__ import annotations

import pytest

from chatsite.errors import DomainError
from chatsite.identity.accounts import open_account
from chatsite.widget.models import ExternalIdentity
from conversations.models import Membership
from tests.widget.conftest import Shop, make_shop


@pytest.mark.parametrize("kind", ExternalIdentity.Kind.values)
def test_a_visitor_of_one_shop_joins_no_other(shop: Shop, kind: str) -> None:
    other = make_shop()
    visitor = open_account(name="Ada")
    ExternalIdentity.objects.create(site=shop.site, kind=kind, subject="s", user=visitor)
    with pytest.raises(DomainError) as refused:
        Membership.objects.create(business=other.business, user=visitor)
    assert refused.value.code == "conflict"
    with pytest.raises(DomainError):
        Membership.objects.update_or_create(
            business=other.business, user=visitor, defaults={"role": Membership.Role.AGENT}
        )
    assert not Membership.objects.filter(user=visitor).exists()
