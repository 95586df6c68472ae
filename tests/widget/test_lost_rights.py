"""An owner who is demoted, removed or suspended loses the widget at once, even with an earlier token."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from chatsite.errors import DomainError
from chatsite.identity.models import UsedToken
from chatsite.identity.operations import deactivate_user, open_login
from chatsite.identity.tokens import by_ticket
from conversations.membership import add_member, remove_member
from conversations.models import Membership
from tests.widget.conftest import Exchange, Shop, refused, signed

Loss = Callable[[Shop], None]

LOSSES: dict[str, Loss] = {
    "demoted": lambda shop: void(
        add_member(business_id=shop.business.pk, user_id=shop.owner.pk, role="agent")
    ),
    "removed": lambda shop: remove_member(business_id=shop.business.pk, user_id=shop.owner.pk),
    "suspended": lambda shop: void(deactivate_user(user_id=str(shop.owner.pk))),
}


def void(_: object) -> None: ...


@pytest.fixture(params=LOSSES)
def lose(request: pytest.FixtureRequest, shop: Shop) -> Loss:
    """Remove the owner's role. The business keeps another owner, so this is allowed."""
    other = User.objects.create(username="the other owner")
    Membership.objects.create(business=shop.business, user=other, role=Membership.Role.OWNER)
    return LOSSES[request.param]


@pytest.fixture
def owner(shop: Shop) -> APIClient:
    """The owner's client, with a token that was issued before the loss."""
    client = APIClient()
    access = open_login(user_id=str(shop.owner.pk)).access
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def test_a_former_owner_reads_and_changes_no_widget(shop: Shop, owner: APIClient, lose: Loss) -> None:
    site = f"/widget/sites/{shop.site.pk}"
    secrets = set(shop.site.secrets.values_list("value", flat=True))
    assert owner.get(site).status_code == 200
    lose(shop)
    answers = [
        owner.get(site),
        owner.patch(site, {"enabled": False}, format="json"),
        owner.post(f"{site}/rotate-secret"),
        owner.delete(f"{site}/secrets/{shop.secret.pk}"),
        owner.post(f"{site}/sign-out-visitors"),
        owner.post("/widget/sites", {"businessId": str(shop.business.pk)}, format="json"),
    ]
    assert {refused(answer) for answer in answers} <= {(404, "not_found"), (401, "unauthenticated")}
    listed = owner.get("/widget/sites")
    assert listed.status_code == 401 or listed.json()["results"] == []
    shop.site.refresh_from_db()
    assert shop.site.enabled
    assert set(shop.site.secrets.values_list("value", flat=True)) == secrets


def test_the_other_owner_can_end_the_secrets_that_a_former_owner_knows(
    shop: Shop, exchange: Exchange, lose: Loss
) -> None:
    """A secret belongs to the business: its site keeps using it until somebody replaces it."""
    known = shop.secret
    lose(shop)
    assert exchange(signed(shop)).status_code == 201
    other = APIClient()
    access = open_login(user_id=str(User.objects.get(username="the other owner").pk)).access
    other.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    site = f"/widget/sites/{shop.site.pk}"
    assert other.post(f"{site}/rotate-secret").status_code == 201
    assert other.delete(f"{site}/secrets/{known.pk}").status_code == 204
    assert refused(exchange(signed(shop, key=known.value))) == (401, "unauthenticated")
    assert exchange(signed(shop)).status_code == 201


def test_a_ticket_of_a_suspended_person_is_refused(shop: Shop, owner: APIClient, lose: Loss) -> None:
    ticket = owner.post("/auth/ws-ticket").json()["ticket"]
    lose(shop)
    if User.objects.get(pk=shop.owner.pk).is_active:
        assert by_ticket(ticket).user_id == str(shop.owner.pk)  # the account still exists, with fewer rights
    else:
        with pytest.raises(DomainError, match="ended"):
            by_ticket(ticket)
    assert UsedToken.objects.count() == 1
