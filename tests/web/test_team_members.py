"""The page of a team's members works without scripts: invite, revoke, set roles, remove and leave."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from conversations.models import Membership
from notifications import invitations
from notifications.models import Invitation
from tests.conversations.people import business, client_of, conversation, person
from tests.web.test_team_settings import Page

pytestmark = pytest.mark.django_db


class MembersPage(Page):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.path = f"/app/team/{self.shop.pk}/members"


@pytest.fixture
def owners() -> MembersPage:
    owner = person()
    return MembersPage(business(owner), owner)


def roles(page: Page) -> dict[int, str]:
    return dict(Membership.objects.filter(business=page.shop).values_list("user_id", "role"))


def test_a_colleague_is_invited_and_joins(owners: MembersPage) -> None:
    colleague, other = person(), person()
    for one in (colleague, other):
        assert owners.submit("invite", username=f" {one.username} ", role="agent").status_code == 302
    page = owners.client.get(owners.path)
    assert [name for _, name, _ in page.context["invited"]] == [other.username, colleague.username]
    kept = Invitation.objects.get(invitee=colleague)
    assert owners.submit("revoke", id=Invitation.objects.get(invitee=other).pk).status_code == 302
    assert Invitation.objects.get(invitee=other).status == "revoked"
    invitations.accept(user_id=colleague.pk, invitation_id=kept.pk)
    assert owners.submit("revoke", id=kept.pk).status_code == 409
    page = owners.client.get(owners.path)
    assert page.context["invited"] == []
    assert [row.id for row in page.context["members"]] == [str(owners.user.pk), str(colleague.pk)]
    assert owners.submit("role", id=colleague.pk, role="owner").status_code == 302
    assert roles(owners)[colleague.pk] == "owner"
    assert owners.submit("remove", id=colleague.pk).status_code == 302
    assert roles(owners) == {owners.user.pk: "owner"}


def test_an_address_is_invited_and_withdrawn(owners: MembersPage, settings: Settings) -> None:
    settings.CHAT_SENDS_MAIL = True
    address = f"{owners.user.username}@mail.example"
    assert owners.submit("invite", username=f" {address} ", role="agent").status_code == 302
    page = owners.client.get(owners.path)
    [(row, name, _)] = page.context["invited"]
    assert (name, row.invitee) == (address, None)
    for wrong, code in ((address, 409), ("a@b", 400)):
        answer = owners.submit("invite", username=wrong, role="agent")
        assert (answer.status_code, 'id="username-error"' in answer.content.decode()) == (code, True)
    assert owners.submit("revoke", id=row.pk).status_code == 302
    assert owners.client.get(owners.path).context["invited"] == []


@pytest.mark.parametrize("name", ["nobody at all", "", "owner", "customer"])
def test_who_cannot_be_invited_is_named_beside_the_field(owners: MembersPage, name: str) -> None:
    customer = conversation(owners.shop).customer
    names = {"owner": owners.user.username, "customer": customer.username}
    answer = owners.submit("invite", username=names.get(name, name), role="agent")
    assert answer.status_code in (400, 404, 409)
    assert 'id="username-error"' in answer.content.decode()
    assert not Invitation.objects.exists()


def test_the_last_owner_stays(owners: MembersPage) -> None:
    me = owners.user.pk
    forms: list[dict[str, Any]] = [{"form": "remove", "id": me}, {"form": "role", "id": me, "role": "agent"}]
    for form in forms:
        answer = owners.submit(**form)
        assert answer.status_code == 409
        assert "A business must have an owner." in answer.content.decode()
    assert roles(owners) == {me: "owner"}
    assert owners.submit("role", id=me, role="king").status_code == 400
    assert owners.submit("nothing").status_code == 400


def test_agents_only_leave(owners: MembersPage) -> None:
    agent, other = person(), person()
    for one in (agent, other):
        Membership.objects.create(business=owners.shop, user=one)
    agents = MembersPage(owners.shop, agent)
    shown = agents.client.get(agents.path).content.decode()
    assert "Invite a colleague" not in shown
    assert agents.submit("invite", username=person().username, role="agent").status_code == 403
    assert agents.submit("role", id=agent.pk, role="owner").status_code == 403
    assert agents.submit("remove", id=other.pk).status_code == 403
    left = agents.submit("remove", id=agent.pk)
    assert (left.status_code, left["Location"]) == (302, "/app")
    assert set(roles(owners)) == {owners.user.pk, other.pk}
    assert agents.client.get(agents.path).status_code == 404
    assert MembersPage(owners.shop, person()).submit("remove", id=other.pk).status_code == 404


def test_the_api_changes_members_by_the_same_rules(owners: MembersPage) -> None:
    agent = person()
    Membership.objects.create(business=owners.shop, user=agent)
    shop, mine, theirs = str(owners.shop.pk), client_of(owners.user), client_of(agent)
    path, body = f"/team/members/{agent.pk}", {"businessId": shop, "role": "owner"}
    assert theirs.patch(path, body, format="json").status_code == 403
    assert client_of(person()).patch(path, body, format="json").status_code == 404
    assert mine.patch(path, body, format="json").json()["role"] == "owner"
    for missing in (f"/team/members/{person().pk}", "/team/members/nobody"):
        assert mine.patch(missing, body, format="json").status_code == 404
        assert mine.delete(f"{missing}?businessId={shop}").status_code == 404
    assert mine.delete(path).status_code == 400
    assert mine.delete(f"{path}?businessId={shop}").status_code == 204
    assert mine.delete(f"/team/members/{owners.user.pk}?businessId={shop}").status_code == 409
    bot = mine.post("/bots", {"businessId": shop, "name": "Robot"}, format="json").json()
    assert mine.delete(f"/team/members/{bot['id']}?businessId={shop}").status_code == 409
