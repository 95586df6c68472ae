"""Invitations to an e-mail address: who may accept, what is refused, and what nobody learns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from chatsite.errors import DomainError
from chatsite.widget.models import ExternalIdentity
from chatsite.widget.operations import WidgetSettings, create_site
from conversations.membership import remove_member
from conversations.models import Conversation, Membership
from notifications import invitation_mails, invitations, mail_invitations
from notifications.expiry import expire_lapsed
from notifications.models import Invitation, Notification
from tests.notifications.conftest import Town
from tests.notifications.mail_links import (
    ADDRESS,
    Json,
    answer_link,
    invite,
    is_member,
    newcomer,
    refused,
    send_mails,
    with_address,
)

pytestmark = pytest.mark.usefixtures("site_with_mail")


def test_the_account_with_the_address_joins_by_the_link_and_once(town: Town) -> None:
    nina = with_address(newcomer(town), ADDRESS.upper())
    status, made = invite(town, f" {ADDRESS.title()} ", role="owner")
    assert (status, made["email"], made["inviteeId"], made["invitee"]["name"]) == (201, ADDRESS, "", ADDRESS)
    send_mails()
    [sent] = mail.outbox
    assert (sent.to, "Olivia" in sent.subject, "Shop" in sent.subject) == ([ADDRESS], True, True)
    status, answered = answer_link(nina)
    assert (status, answered["status"], answered["inviteeId"]) == (200, "accepted", str(nina.pk))
    assert Membership.objects.get(business=town.shop, user=nina).role == "owner"
    assert answer_link(nina)[0] == 200  # repeated
    other = with_address(newcomer(town))
    assert refused(answer_link(other)) == (409, "conflict")
    assert not is_member(town, other)
    told = Notification.objects.filter(recipient=town.olivia).values_list("title", flat=True)
    assert [title for title in told if "has joined" in title] != []


def test_the_answer_is_the_same_whether_an_account_has_the_address_or_not(town: Town) -> None:
    member = with_address(newcomer(town), "member@mail.example")
    Membership.objects.create(business=town.shop, user=member)
    customer = with_address(newcomer(town), "customer@mail.example")
    Conversation.objects.create(business=town.shop, customer=customer)
    with_address(newcomer(town))
    shapes = []
    for email in (ADDRESS, "nobody@mail.example", "member@mail.example", "customer@mail.example"):
        status, made = invite(town, email)
        made = {key: value for key, value in made.items() if key not in ("id", "createdAt", "expiresAt")}
        shapes.append((status, repr(made).replace(email, ""), DBTaskResult.objects.count()))
        DBTaskResult.objects.all().delete()
    assert len(set(shapes)) == 1


def test_an_account_without_an_address_joins_and_does_not_get_this_one(town: Town) -> None:
    """The inviter may read the mails of the address, and could then choose a new password for the account."""
    nina = newcomer(town)
    invite(town)
    send_mails()
    assert answer_link(nina)[0] == 200
    nina.refresh_from_db()
    assert (nina.email, is_member(town, nina)) == ("", True)


def test_who_has_another_address_cannot_accept(town: Town) -> None:
    invite(town)
    send_mails()
    other = with_address(newcomer(town), "other@mail.example")
    assert refused(answer_link(other)) == (403, "forbidden")
    assert Invitation.objects.get().status == "pending"
    other.refresh_from_db()
    assert other.email == "other@mail.example"


def test_a_customer_of_the_business_and_the_inviter_cannot_accept(town: Town) -> None:
    invite(town)
    send_mails()
    customer = with_address(newcomer(town))
    Conversation.objects.create(business=town.shop, customer=customer)
    for user in (customer, with_address(town.olivia)):
        assert refused(answer_link(user)) == (409, "conflict")
    assert Invitation.objects.get().status == "pending"


def test_a_guest_of_a_widget_cannot_accept(town: Town) -> None:
    """Whoever has the guest's key, or the page that holds it, would be a member."""
    site, _ = create_site(business=town.shop, chosen=WidgetSettings(guests_allowed=True))
    guest = with_address(newcomer(town))
    ExternalIdentity.objects.create(site=site, kind="guest", subject="key", user=guest)
    invite(town)
    send_mails()
    assert refused(answer_link(guest)) == (409, "conflict")
    assert (Invitation.objects.get().status, is_member(town, guest)) == ("pending", False)
    with pytest.raises(DomainError, match="guest"):
        invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, user_id=str(guest.pk))
    guest.widget_identity.delete()
    assert answer_link(guest)[0] == 200


@pytest.mark.parametrize("how", ["revoke", "expire", "decline", "demote"])
def test_the_link_ends_with_the_invitation(town: Town, how: str) -> None:
    nina = with_address(newcomer(town))
    invite(town)
    send_mails()
    row = Invitation.objects.get()
    if how == "revoke":
        invitations.revoke(user_id=town.olivia.pk, invitation_id=row.pk)
    elif how == "expire":
        past = timezone.now() - timedelta(days=20)
        Invitation.objects.update(created_at=past, expires_at=past + timedelta(days=14))
        assert sum(expire_lapsed(Invitation, batch=10)) == 1
    elif how == "decline":
        assert answer_link(nina, "decline")[1]["status"] == "declined"
    else:
        second = newcomer(town)
        Membership.objects.create(business=town.shop, user=second, role="owner")
        remove_member(business_id=town.shop.pk, user_id=town.olivia.pk)
    assert refused(answer_link(nina)) == (409, "conflict")
    assert not is_member(town, nina)
    DBTaskResult.objects.all().delete()
    mail.outbox.clear()
    invitation_mails.send_invitation.func(str(row.pk), "en")
    assert mail.outbox == []


def test_a_forged_token_is_unknown(town: Town) -> None:
    invite(town)
    for forged in ("x", str(Invitation.objects.get().pk)):
        with pytest.raises(DomainError, match="No such invitation"):
            mail_invitations.accept_by_link(user=town.olivia, token=forged)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"email": "nonsense"}, (400, "invalid")),
        ({"email": "x@account.invalid"}, (400, "invalid")),
        ({"email": f"{'x' * 250}@mail.example"}, (400, "invalid")),
        ({"email": ADDRESS, "username": "olivia"}, (400, "invalid")),
        ({"email": ADDRESS, "role": "king"}, (400, "invalid")),
    ],
)
def test_bad_requests(town: Town, body: Json, error: tuple[int, str]) -> None:
    assert refused(invite(town, **body)) == error
    assert not Invitation.objects.exists()


def test_only_owners_invite(town: Town) -> None:
    assert refused(invite(town, by=newcomer(town))) == (404, "not_found")
    agent = newcomer(town)
    Membership.objects.create(business=town.shop, user=agent)
    assert refused(invite(town, by=agent)) == (403, "forbidden")


def test_the_mail_is_in_the_inviters_language(town: Town) -> None:
    invite(town)
    invitation_mails.send_invitation.func(str(Invitation.objects.get().pk), "de")
    [sent] = mail.outbox
    assert (sent.subject, "lädt Sie auf" in str(sent.body)) == ("Olivia lädt Sie zu Shop ein", True)
