"""Invitations to a team: who may send them, what is refused, and the result of each answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from chatsite.realtime.hub import Addressed
from conversations import contacts
from conversations import operations as conversations
from conversations.events import MEMBERSHIP_BEGAN, BusinessChange
from conversations.membership import add_member
from conversations.models import Business, Conversation, Membership
from notifications import invitations, operations
from notifications.models import Invitation, Notification
from tests.notifications.conftest import Town, make_api, told

pytestmark = pytest.mark.urls("notifications.urls")
Json = dict[str, Any]


def post(user: User, path: str, body: Json | None = None) -> tuple[int, Json]:
    response = make_api(user).post(path, body or {}, format="json")
    return response.status_code, response.json()


def invite(town: Town, invitee: User, by: User | None = None, **more: Any) -> tuple[int, Json]:
    body = {"businessId": str(town.shop.pk), "username": invitee.username, **more}
    return post(by or town.olivia, "/team/invitations", body)


def error_of(answer: tuple[int, Json]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


def let_expire(key: str) -> None:
    past = timezone.now() - timedelta(days=20)
    Invitation.objects.filter(pk=key).update(created_at=past, expires_at=past + timedelta(days=14))


def is_member(town: Town, user: User) -> bool:
    return Membership.objects.filter(business=town.shop, user=user).exists()


def test_the_invited_user_is_notified_with_the_address_to_answer(
    town: Town, sent: list[Addressed], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    nina = town.newcomer()
    with django_capture_on_commit_callbacks(execute=True):
        status, made = invite(town, nina, role="owner")
    assert status == 201
    assert made.keys() == {
        *("id", "businessId", "business", "inviterId", "inviter", "inviteeId", "invitee", "role", "status"),
        *("expiresAt", "answeredAt", "createdAt"),
    }
    assert (made["role"], made["status"], made["answeredAt"]) == ("owner", "pending", None)
    (event,) = told(sent, nina)
    notice = event["notification"]
    assert (notice["type"], notice["title"]) == ("team_invitation", "Olivia invites you to join Shop")
    assert notice["actionUrl"] == f"/team/invitations/{made['id']}"
    assert notice["data"]["invitationId"] == made["id"]
    assert notice["data"]["businessId"] == str(town.shop.pk)
    assert (notice["data"]["businessName"], notice["data"]["role"]) == ("Shop", "owner")
    assert notice["data"]["inviter"] == {"id": str(town.olivia.pk), "username": "olivia", "name": "Olivia"}
    assert make_api(nina).get(notice["actionUrl"]).json() == made


def test_accepting_makes_a_member_and_tells_the_inviter(
    town: Town, sent: list[Addressed], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina)
    with django_capture_on_commit_callbacks(execute=True):
        status, answered = post(nina, f"/team/invitations/{made['id']}/accept")
        again = post(nina, f"/team/invitations/{made['id']}/accept/")
    assert (status, answered["status"]) == (200, "accepted")
    assert again == (200, answered)
    assert Membership.objects.get(business=town.shop, user=nina).role == "agent"
    (event,) = told(sent, town.olivia)
    assert event["notification"]["title"] == "Nina has joined Shop"
    assert event["notification"]["data"]["status"] == "accepted"
    begun = [
        (group, event.data_as(BusinessChange)) for group, event in sent if event.name == MEMBERSHIP_BEGAN
    ]
    assert begun == [(f"user.{nina.pk}", BusinessChange(town.shop.pk))]
    (settled,) = told(sent, nina)  # what was answered need not be read any more
    assert settled["notification"]["readAt"]
    assert settled["unreadCount"] == 0


def test_declining_tells_the_inviter(town: Town) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina)
    assert post(nina, f"/team/invitations/{made['id']}/decline")[1]["status"] == "declined"
    assert not is_member(town, nina)
    assert Notification.objects.get(recipient=town.olivia).title == "Nina declined to join Shop"
    assert invite(town, nina)[0] == 201  # may be asked again


def test_revoking_tells_the_invited_user(town: Town) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina)
    other_owner = town.newcomer("otto")
    Membership.objects.create(business=town.shop, user=other_owner, role="owner")
    assert post(other_owner, f"/team/invitations/{made['id']}/revoke")[1]["status"] == "revoked"
    newest = Notification.objects.filter(recipient=nina).latest("created_rev")
    assert newest.title == "The invitation to Shop was revoked"
    assert error_of(post(nina, f"/team/invitations/{made['id']}/accept")) == (409, "conflict")
    assert not is_member(town, nina)


@pytest.mark.parametrize("first", ["accept", "decline", "revoke"])
@pytest.mark.parametrize("then", ["accept", "decline", "revoke"])
def test_an_invitation_is_settled_once(town: Town, first: str, then: str) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina)

    def act(verb: str) -> tuple[int, Json]:
        return post(town.olivia if verb == "revoke" else nina, f"/team/invitations/{made['id']}/{verb}")

    _, settled = act(first)
    before = Notification.objects.count()
    status, answer = act(then)
    if first == then:
        assert (status, answer) == (200, settled)
    else:
        assert (status, answer["error"]["details"]) == (409, {"status": settled["status"]})
    assert Notification.objects.count() == before


def test_only_an_owner_invites(town: Town) -> None:
    nina = town.newcomer()
    assert error_of(invite(town, nina, by=town.amir)) == (403, "forbidden")
    for outsider in (town.carol, town.stranger):
        assert error_of(invite(town, nina, by=outsider)) == (404, "not_found")
    # Somebody who may not invite cannot find out which accounts exist.
    ghost = {"businessId": str(town.shop.pk), "username": "ghost"}
    assert post(town.stranger, "/team/invitations", ghost) == invite(town, nina, by=town.stranger)
    assert not Notification.objects.exists()


def test_users_who_cannot_be_invited(town: Town) -> None:
    nina = town.newcomer()
    gone = User.objects.create(username="gone", is_active=False)
    assert error_of(invite(town, town.olivia)) == (400, "invalid")
    assert error_of(invite(town, town.amir)) == (409, "conflict")
    assert error_of(invite(town, town.carol)) == (409, "conflict")
    assert error_of(invite(town, gone)) == (404, "not_found")
    assert invite(town, nina)[0] == 201
    assert error_of(invite(town, nina)) == (409, "conflict")
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "invalid")),
        ({"username": "nina", "userId": "1"}, (400, "invalid")),
        ({"username": "nobody"}, (404, "not_found")),
        ({"username": "a\u0000b"}, (404, "not_found")),
        ({"userId": "nonsense"}, (404, "not_found")),
        ({"userId": "999999999"}, (404, "not_found")),
        ({"username": "nina", "role": "boss"}, (400, "invalid")),
        ({"username": 5}, (400, "invalid")),
        ({"username": "nina", "businessId": str(uuid4())}, (404, "not_found")),
        ({"username": "nina", "businessId": "nonsense"}, (404, "not_found")),
        ({"username": "nina", "businessId": None}, (400, "invalid")),
    ],
)
def test_bad_bodies_are_refused(town: Town, body: Json, expected: tuple[int, str]) -> None:
    town.newcomer()
    answer = post(town.olivia, "/team/invitations", {"businessId": str(town.shop.pk), **body})
    assert error_of(answer) == expected


def test_invited_by_user_id(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    nina = town.newcomer()
    monkeypatch.setattr(contacts, "ties", [lambda business_id, user_id: user_id == nina.pk])
    status, made = post(
        town.olivia, "/team/invitations", {"businessId": str(town.shop.pk), "userId": str(nina.pk)}
    )
    assert (status, made["invitee"]["username"]) == (201, "nina")


def test_access_to_an_invitation(town: Town) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina)
    path = f"/team/invitations/{made['id']}"
    for outsider in (town.carol, town.stranger, town.amir):
        assert make_api(outsider).get(path).status_code == 404
        for verb in ("accept", "decline", "revoke"):
            assert error_of(post(outsider, f"{path}/{verb}")) == (404, "not_found")
    assert make_api(town.olivia).get(path).json() == made
    assert error_of(post(town.olivia, f"{path}/accept")) == (403, "forbidden")
    assert error_of(post(town.olivia, f"{path}/decline")) == (403, "forbidden")
    assert error_of(post(nina, f"{path}/revoke")) == (403, "forbidden")
    assert error_of(post(nina, "/team/invitations/nonsense/accept")) == (404, "not_found")
    assert Invitation.objects.get().status == "pending"


def test_an_expired_one_cannot_be_accepted_and_does_not_stand_in_the_way(town: Town) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina)
    let_expire(made["id"])
    path = f"/team/invitations/{made['id']}"
    assert make_api(nina).get(path).json()["status"] == "expired"
    status, answer = post(nina, f"{path}/accept")
    assert (status, answer["error"]["details"]) == (409, {"status": "expired"})
    assert Invitation.objects.get().status == "expired"  # the refusal did not undo it
    assert not is_member(town, nina)
    assert invite(town, nina)[0] == 201


def test_an_expired_one_that_nobody_looked_at_gives_way(town: Town) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina)
    let_expire(made["id"])
    assert invite(town, nina)[0] == 201
    assert Invitation.objects.get(pk=made["id"]).status == "expired"


def test_a_user_who_became_a_customer_meanwhile_cannot_join(town: Town) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina)
    conversations.open_conversation(user_id=nina.pk, business_id=str(town.shop.pk))
    assert error_of(post(nina, f"/team/invitations/{made['id']}/accept")) == (409, "conflict")
    assert Invitation.objects.get().status == "pending"


def test_a_user_who_became_an_owner_meanwhile_stays_an_owner(town: Town) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina, role="agent")
    add_member(business_id=town.shop.pk, user_id=nina.pk, role="owner")
    assert post(nina, f"/team/invitations/{made['id']}/accept")[0] == 200
    assert Membership.objects.get(business=town.shop, user=nina).role == "owner"


def test_lists(town: Town, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    people = [town.newcomer(f"n{number}") for number in range(5)]
    for person in people:
        invite(town, person)
    other = Business.objects.create(name="Other", slug="other")
    Membership.objects.create(business=other, user=town.stranger, role="owner")
    invitations.invite(inviter_id=town.stranger.pk, business_id=other.pk, username="n4")
    owner = make_api(town.olivia)
    with django_assert_max_num_queries(2):
        page = owner.get(f"/team/invitations?businessId={town.shop.pk}&limit=3").json()
    names = [row["invitee"]["username"] for row in page["results"]]
    names += [row["invitee"]["username"] for row in owner.get(page["next"]).json()["results"]]
    assert names == ["n4", "n3", "n2", "n1", "n0"]
    mine = make_api(people[4]).get("/team/invitations").json()["results"]
    assert [row["business"]["name"] for row in mine] == ["Other", "Shop"]
    path = f"/team/invitations?businessId={town.shop.pk}"
    assert make_api(town.amir).get(path).status_code == 403
    assert make_api(town.stranger).get(path).status_code == 404
    assert owner.get("/team/invitations?businessId=nonsense").status_code == 404
    assert owner.get(f"{path}&cursor=cD14").status_code == 400


def test_a_failed_answer_changes_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    nina = town.newcomer()
    _, made = invite(town, nina)

    def fail(**arguments: Any) -> None:
        raise IntegrityError("the disk is full")

    monkeypatch.setattr(operations, "notify", fail)
    with pytest.raises(IntegrityError), transaction.atomic():
        invitations.accept(user_id=nina.pk, invitation_id=made["id"])
    assert Invitation.objects.get().status == "pending"
    assert not is_member(town, nina)


def test_conversations_stay_apart(town: Town) -> None:
    invite(town, town.newcomer())
    assert Conversation.objects.get().last_seq == 0
