"""The admin's pages: their content, their permissions and their queries."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from conversations import operations
from conversations.models import Business, ChatMessage, Conversation, Membership
from conversations.moderation import operations as moderation
from conversations.moderation.audit import record
from conversations.moderation.models import AuditEntry, Report
from conversations.moderation.reports import make_report
from conversations.requests import SendBody
from conversations.validation import new_send
from conversations.writing.write_batch import write
from tests.moderation.conftest import Shop

LISTS = {
    "conversations": "/admin/conversations/conversation/",
    "reports": "/admin/conversations/report/",
    "audit": "/admin/conversations/auditentry/",
    "businesses": "/admin/conversations/business/",
    "memberships": "/admin/conversations/membership/",
    "users": "/admin/auth/user/",
}


def transcript(shop: Shop) -> str:
    return f"/admin/conversations/conversation/{shop.conversation.pk}/change/"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fetch(client: Client, path: str) -> tuple[Any, int]:
    """Return the page, and the number of its queries without the test's own savepoints."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(path)
    counted = [row for row in queries if "SAVEPOINT" not in row["sql"]]
    return answer, len(counted)


@pytest.fixture
def crowd(shop: Shop) -> Shop:
    """Two hundred rows of everything."""
    now = timezone.now()
    people = User.objects.bulk_create(
        User(username=f"person{n}", first_name="Pat", last_name=f"Number {n}") for n in range(200)
    )
    firms = Business.objects.bulk_create(Business(name=f"Firm {n}", slug=f"firm-{n}") for n in range(200))
    memberships: QuerySet[Membership] = QuerySet(Membership)  # without a query for each
    memberships.bulk_create([Membership(business=b, user=p) for b, p in zip(firms, people, strict=True)])
    talks = Conversation.objects.bulk_create(
        Conversation(business=shop.business, customer=person, active_at=now - timedelta(minutes=n))
        for n, person in enumerate(people)
    )
    for n, talk in enumerate(talks):
        record(actor=shop.mona, action="freeze_conversation", subject=talk, reason=f"reason {n}")
    lines = [
        new_send(
            sender_id=(shop.carol if n % 2 else shop.olivia).pk,
            conversation_id=shop.conversation.pk,
            body=SendBody(content=f"line {n}"),
        )
        for n in range(200)
    ]
    write(lines)
    for message in ChatMessage.objects.order_by("seq")[::10]:
        operations.edit_message(user_id=message.sender_id, message_id=message.pk, content="edited")
    Report.objects.bulk_create(
        Report(reporter=person, conversation=talk, reason="spam")
        for person, talk in zip(people, talks, strict=True)
    )
    return shop


@pytest.mark.parametrize("who", ["mona", "root"])
def test_no_page_takes_more_than_eleven_queries(crowd: Shop, who: str) -> None:
    client = browser(getattr(crowd, who))
    searches = ["?q=Pat", "?q=text:line", f"?q={crowd.conversation.pk}", "?frozen=no"]
    report = Report.objects.latest("pk")
    paths = [
        *LISTS.values(),
        *(LISTS["conversations"] + search for search in searches),
        transcript(crowd),
        transcript(crowd) + "?around=100",
        transcript(crowd) + "?q=line",
        f"/admin/conversations/report/{report.pk}/change/",
    ]
    client.get(LISTS["conversations"] + "?q=anybody")  # the first search of a process asks for the collations
    for path in paths:
        answer, queries = fetch(client, path)
        assert answer.status_code == 200, path
        assert queries <= 11, f"{path}: {queries} queries"


def test_lists_count_no_further_than_they_page(crowd: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatsite.http.admin_lists.MOST_ROWS", 120)
    page = browser(crowd.mona).get(LISTS["conversations"])
    assert page.context["cl"].result_count == 120


def found(client: Client, term: str, **filters: str) -> list[Conversation]:
    page = client.get(LISTS["conversations"], {"q": term, **filters})
    return list(page.context["cl"].result_list)


def test_conversations_are_found_by_people_business_id_and_words(crowd: Shop, desk: Client) -> None:
    message = crowd.say(crowd.carol, "The Zanzibar question")
    mine = [crowd.conversation]
    for term in ("carol", "Car", str(mine[0].pk), str(message.pk), "text:zanzibar", "text: zanzibar quest"):
        assert found(desk, term) == mine, term
    assert found(desk, "Pat 77")[0].customer.username == "person77"
    assert crowd.conversation in found(desk, "shop", frozen="no")
    assert len(found(desk, "amir")) == 50  # a page of the shop's, whose member he is
    assert found(desk, "text:zanzibar", frozen="no") == mine
    for term in ("zanzibar", "text:nowhere", "%"):
        assert crowd.conversation not in found(desk, term)


def test_the_transcript_reads_in_order_by_keyset(crowd: Shop, desk: Client) -> None:
    seen: list[int] = []
    path: str | None = transcript(crowd)
    while path:
        page = desk.get(path).context["page"]
        seqs = [message.seq for message in page.messages]
        assert seqs == sorted(seqs)
        seen = seqs + seen
        path = page.older and f"{transcript(crowd)}?before={page.older}"
    assert seen == list(range(1, 201))
    forward = desk.get(transcript(crowd) + "?after=50").context["page"]
    assert (forward.messages[0].seq, forward.older, forward.newer) == (51, 51, 100)
    assert 100 in [m.seq for m in desk.get(transcript(crowd) + "?around=100").context["page"].messages]
    for nonsense in ("?before=x", "?after=-1", "?around=", "?q=%00", "?after=99999999999999999"):
        assert desk.get(transcript(crowd) + nonsense).status_code == 200


def test_moderators_see_hidden_deleted_and_edited_messages(shop: Shop, desk: Client) -> None:
    hidden, deleted, edited = (shop.say(shop.carol, f"<b>text {n}</b>") for n in range(3))
    moderation.hide_message(actor=shop.mona, message_id=hidden.pk, reason="Rude.")
    operations.delete_message(user_id=shop.carol.pk, message_id=deleted.pk)
    operations.edit_message(user_id=shop.carol.pk, message_id=edited.pk, content="new")
    html = desk.get(transcript(shop)).content.decode()
    for text in (
        "&lt;b&gt;text 0",
        "&lt;b&gt;text 1",
        "&lt;b&gt;text 2",
        "Hidden by a moderator",
        "Deleted by its sender",
    ):
        assert text in html
    assert "<b>text" not in html


def test_access_to_files(shop: Shop) -> None:
    shop.say(shop.carol)
    report = Report.objects.create(reporter=shop.olivia, conversation=shop.conversation, reason="spam")
    pages = [*LISTS.values(), transcript(shop), f"/admin/conversations/report/{report.pk}/change/"]
    plain = User.objects.create(username="clerk", is_staff=True)
    for page in pages:
        assert browser(shop.mona).get(page).status_code == 200, page
        assert browser(shop.sam).get(page).status_code == 200, page
        assert browser(plain).get(page).status_code == 403, page
        assert browser(shop.carol).get(page).status_code == 302, page
    for page in ("conversation/add/", "report/add/", "auditentry/add/"):
        assert browser(shop.root).get(f"/admin/conversations/{page}").status_code == 403
    assert "Hide message" in browser(shop.mona).get(transcript(shop)).content.decode()
    assert "Hide message" not in browser(shop.sam).get(transcript(shop)).content.decode()
    for nonsense in ("x", "00000000-0000-0000-0000-000000000000"):
        for kind in ("conversation", "report"):
            path = f"/admin/conversations/{kind}/{nonsense}/change/"
            assert browser(shop.mona).get(path).status_code == 404


def test_the_pages_of_users_tell_viewers_nothing_of_passwords(shop: Shop) -> None:
    page = f"/admin/auth/user/{shop.carol.pk}/change/"
    for who in (shop.mona, shop.sam):
        html = browser(who).get(page).content.decode()
        assert "carol" in html
        assert "algorithm" not in html
        assert "user_permissions" not in html
    assert browser(shop.root).get(page).status_code == 200


def test_an_editor_of_users_cannot_make_himself_more(shop: Shop) -> None:
    shop.sam.user_permissions.add(*_permissions("change_user"))
    client = browser(shop.sam)
    form = {"username": "sam", "is_superuser": "on", "is_staff": "on", "is_active": "", "groups": "1"}
    client.post(f"/admin/auth/user/{shop.sam.pk}/change/", form)
    shop.sam.refresh_from_db()
    assert (shop.sam.is_superuser, shop.sam.is_active) == (False, True)
    assert [group.name for group in shop.sam.groups.all()] == ["support"]
    assert client.post(f"/admin/auth/user/{shop.root.pk}/change/", {"username": "x"}).status_code == 403
    assert client.post(f"/admin/auth/user/{shop.root.pk}/password/", {}).status_code == 403


def test_nothing_is_deleted_in_the_admin(shop: Shop) -> None:
    shop.say(shop.carol)
    entry = record(actor=None, action="hide_message", subject=shop.conversation)
    client = browser(shop.root)
    for path in (
        f"conversations/conversation/{shop.conversation.pk}",
        f"conversations/business/{shop.business.pk}",
        f"conversations/auditentry/{entry.pk}",
        f"auth/user/{shop.carol.pk}",
    ):
        assert client.post(f"/admin/{path}/delete/", {"post": "yes"}).status_code == 403, path
    assert (
        client.post(f"/admin/conversations/auditentry/{entry.pk}/change/", {"reason": "x"}).status_code == 403
    )
    assert (ChatMessage.objects.count(), AuditEntry.objects.count()) == (1, 1)


def _permissions(*codenames: str) -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=codenames)


def test_names_are_isolated_from_the_text_around_them(desk: Client, shop: Shop) -> None:
    """U+202E in a name would reverse the text after it."""
    evil = "\u202eCarol"
    for user in (shop.carol, shop.mona):
        user.first_name, user.username = evil, f"{evil}-{user.pk}"
        user.save()
    shop.business.name = f"{evil} & Sons"
    shop.business.save()
    shop.say(shop.carol, "hello")
    report, _ = make_report(
        reporter_id=shop.carol.pk, conversation_id=str(shop.conversation.pk), reason="spam", text=evil
    )
    pages = (
        "conversations/conversation/",
        f"conversations/conversation/{shop.conversation.pk}/change/",
        "conversations/report/",
        f"conversations/report/{report.pk}/change/",
        f"auth/user/{shop.carol.pk}/change/",
    )
    for address in pages:
        text = desk.get(f"/admin/{address}").content.decode()
        assert evil in text
        for place in re.finditer(evil, text):
            before = text[: place.start()].rstrip("\n ")
            assert re.search(
                r'(<bdi>|\u2068|="|<t[dh][^>]*>|<a [^>]*>|<(div|blockquote|p)[^>]*>)$', before
            ), f"{address}: {before[-80:]}"


def test_the_first_page_says_how_many_reports_are_open(shop: Shop, desk: Client) -> None:
    page = desk.get("/admin/").content.decode()
    assert ("Business chat" in page, "Open reports" in page) == (True, False)
    where = str(shop.conversation.pk)
    make_report(reporter_id=shop.carol.pk, conversation_id=where, reason="spam")
    page = desk.get("/admin/").content.decode()
    assert "Open reports: <strong>1</strong>" in page


def test_all_pages_write_a_time_alike(desk: Client, shop: Shop) -> None:
    """The format is that of the language, as in the lists of Django admin."""
    message = shop.say(shop.carol, "hello")
    operations.edit_message(user_id=shop.carol.pk, message_id=message.pk, content="edited")
    where = str(shop.conversation.pk)
    report, _ = make_report(
        reporter_id=shop.olivia.pk, conversation_id=where, reason="spam", message_id=str(message.pk)
    )
    moderation.hide_message(actor=shop.mona, message_id=message.pk, reason="Rude.")
    moments = [shop.head().created_at, timezone.now()]
    times = {date_format(moment, "DATETIME_FORMAT") for moment in moments}
    addresses = ("report/", f"report/{report.pk}/change/", "conversation/", f"conversation/{where}/change/")
    edits = f"conversation/{where}/messages/{message.pk}/edits/"
    for address in (*addresses, edits):
        text = desk.get(f"/admin/conversations/{address}").content.decode()
        shown = re.sub(r'datetime="[^"]*"', "", text)
        assert any(time in text for time in times), address
        assert re.findall(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", shown) == [], address
