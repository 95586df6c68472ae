"""Actions in the admin use the operations, and require their permissions."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import ChatMessage, Membership
from conversations.moderation.models import AuditEntry, Report
from tests.moderation.conftest import Shop, Wire

WHY = {"reason": "Against the rules."}


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def conversation_page(shop: Shop, *parts: object) -> str:
    return "/".join(["/admin/conversations/conversation", str(shop.conversation.pk), *map(str, parts), ""])


def entries() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_hide_and_restore_from_the_transcript(shop: Shop, desk: Client, wire: Wire) -> None:
    message = shop.say(shop.carol, "an insult")
    with wire.commits(execute=True):
        answer = desk.post(conversation_page(shop, "messages", message.pk, "hide"), WHY)
    assert answer.headers["Location"].endswith(f"?around={message.seq}#message-{message.seq}")
    assert "message_deleted" in wire.names
    with wire.commits(execute=True):
        desk.post(conversation_page(shop, "messages", message.pk, "restore"), WHY)
    assert "message_edited" in wire.names
    assert entries() == ["hide_message", "restore_message"]


def test_freeze_and_unfreeze_from_the_transcript_and_the_list(shop: Shop, desk: Client) -> None:
    desk.post(conversation_page(shop, "freeze"), WHY)
    assert shop.head().frozen_at
    desk.post(conversation_page(shop, "unfreeze"), WHY)
    assert not shop.head().frozen_at
    chosen = {"action": "freeze_chosen", "_selected_action": str(shop.conversation.pk), **WHY}
    desk.post("/admin/conversations/conversation/", chosen)
    assert shop.head().frozen_at
    assert entries() == ["freeze_conversation", "unfreeze_conversation", "freeze_conversation"]


def test_suspend_and_reinstate_from_the_page_and_the_list(shop: Shop, desk: Client) -> None:
    page = f"/admin/auth/user/{shop.carol.pk}"
    desk.post(f"{page}/suspend/", WHY)
    desk.post(f"{page}/reinstate/", WHY)
    desk.post(
        "/admin/auth/user/", {"action": "suspend_chosen", "_selected_action": str(shop.carol.pk), **WHY}
    )
    shop.carol.refresh_from_db()
    assert not shop.carol.is_active
    assert entries() == ["suspend_user", "reinstate_user", "suspend_user"]


def test_an_action_shows_each_refusal_and_changes_the_other_rows(shop: Shop, desk: Client) -> None:
    chosen = [shop.carol, shop.mona, shop.root, shop.sam, shop.amir]  # three of them are staff
    form = {"action": "suspend_chosen", "_selected_action": [str(user.pk) for user in chosen], **WHY}
    page = desk.post("/admin/auth/user/", form, follow=True)
    assert [str(message) for message in page.context["messages"]] == [
        "Updated 2 users.",
        "1 user not updated: You cannot suspend or reinstate yourself.",
        "2 users not updated: Only a superuser can suspend or reinstate a staff member.",
    ]
    suspended = User.objects.filter(is_active=False)
    assert set(suspended) == {shop.carol, shop.amir}


def test_without_a_reason_nothing_happens(shop: Shop, desk: Client) -> None:
    answer = desk.post(conversation_page(shop, "freeze"), {"reason": " "}, follow=True)
    assert "Please give a reason." in answer.content.decode()
    assert entries() == []


@pytest.mark.parametrize("who", ["sam", "mona"])
def test_permissions_of_each_group(shop: Shop, who: str) -> None:
    message = shop.say(shop.carol)
    report = Report.objects.create(reporter=shop.olivia, conversation=shop.conversation, reason="spam")
    client = browser(getattr(shop, who))
    client.post(conversation_page(shop, "messages", message.pk, "hide"), WHY)
    client.post(conversation_page(shop, "freeze"), WHY)
    client.post(conversation_page(shop, "export"), WHY)
    client.post(f"/admin/conversations/report/{report.pk}/resolve/", {"outcome": "dismissed", "note": "No."})
    client.post(f"/admin/auth/user/{shop.amir.pk}/suspend/", WHY)
    client.post(f"/admin/auth/user/{shop.carol.pk}/export/", WHY)
    client.post(f"/admin/auth/user/{shop.carol.pk}/erase/", {"username": "carol", **WHY})
    done = ["hide_message", "freeze_conversation", "export_transcript", "resolve_report", "suspend_user"]
    assert entries() == ([] if who == "sam" else done)


def test_actions_are_posts(shop: Shop, desk: Client) -> None:
    message = shop.say(shop.carol)
    for path in (
        conversation_page(shop, "messages", message.pk, "hide"),
        conversation_page(shop, "freeze"),
        conversation_page(shop, "export"),
        f"/admin/auth/user/{shop.carol.pk}/suspend/",
        f"/admin/auth/user/{shop.carol.pk}/erase/",
    ):
        assert desk.get(path).status_code == 405
    careless = Client(enforce_csrf_checks=True)
    careless.force_login(shop.mona)
    assert careless.post(conversation_page(shop, "freeze"), WHY).status_code == 403


def test_a_message_of_another_conversation_is_not_there(shop: Shop, desk: Client) -> None:
    message = shop.say(shop.carol)
    path = f"/admin/conversations/conversation/{message.pk}/messages/{message.pk}/hide/"
    assert desk.post(path, WHY).status_code == 404


def test_memberships_go_through_the_operations(shop: Shop, wire: Wire) -> None:
    root = browser(shop.root)
    form = {"business": str(shop.business.pk), "user": str(shop.outsider.pk), "role": "agent"}
    with wire.commits(execute=True):
        assert root.post("/admin/conversations/membership/add/", form).status_code == 302
    assert wire.names == ["~membership_began"]
    membership = Membership.objects.get(user=shop.outsider)
    page = f"/admin/conversations/membership/{membership.pk}"
    assert root.post(f"{page}/change/", {"role": "owner"}).status_code == 302
    membership.refresh_from_db()
    assert membership.role == "owner"
    with wire.commits(execute=True):
        root.post(f"{page}/delete/", {"post": "yes"})
    assert wire.names[-1] == "~membership_ended"
    assert entries() == ["add_member", "add_member", "remove_member"]


def test_a_refused_membership_is_reported_and_changes_nothing(shop: Shop) -> None:
    root = browser(shop.root)
    form = {"business": str(shop.business.pk), "user": str(shop.carol.pk), "role": "agent"}
    answer = root.post("/admin/conversations/membership/add/", form, follow=True)
    assert "cannot become its member" in answer.content.decode()
    owner = Membership.objects.get(user=shop.olivia)
    answer = root.post(f"/admin/conversations/membership/{owner.pk}/delete/", {"post": "yes"}, follow=True)
    assert "last owner" in answer.content.decode()
    assert Membership.objects.count() == 2
    assert entries() == []


def test_exports_come_as_files(shop: Shop, desk: Client) -> None:
    message = shop.say(shop.carol, "héllo")
    answer = desk.post(conversation_page(shop, "export"), WHY)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    lines = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert [line["kind"] for line in lines] == ["conversation", "message", "end"]
    assert (lines[1]["id"], lines[1]["content"]) == (str(message.pk), "héllo")
    person = browser(shop.root).post(f"/admin/auth/user/{shop.carol.pk}/export/", WHY)
    assert json.loads(person.getvalue().splitlines()[0])["username"] == "carol"


def test_erasing_asks_for_the_name(shop: Shop) -> None:
    shop.say(shop.carol, "secret")
    root = browser(shop.root)
    page = f"/admin/auth/user/{shop.carol.pk}/erase/"
    root.post(page, {"username": "carl", **WHY})
    assert entries() == []
    root.post(page, {"username": "carol", **WHY})
    assert not ChatMessage.objects.filter(content="secret").exists()


def test_a_new_password_ends_the_logins(shop: Shop, wire: Wire) -> None:
    form = {"password1": "long-enough-72", "password2": "long-enough-72", "usable_password": "true"}
    with wire.commits(execute=True):
        answer = browser(shop.root).post(f"/admin/auth/user/{shop.carol.pk}/password/", form)
    assert answer.status_code == 302
    assert wire.names == ["~end_user"]
