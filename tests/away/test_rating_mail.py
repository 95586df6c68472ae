"""A customer who is away after a resolve is asked for a rating by mail, once per episode, and rates on a page."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client

from conversations.models import ChatMessage, Conversation, CsatSettings, Episode, TeamState
from conversations.moderation import operations as moderation
from conversations.team.operations import set_team_state
from conversations.team.reports import csat
from conversations.team.reports.recording import measure_episode
from conversations.team.requests import TeamBody
from notifications.delivery import rating_requests
from notifications.delivery.models import Channel, Notice, NotificationSettings
from tests.away.conftest import Shop
from tests.away.post_office import MailServer

TEN_MINUTES = 601


class Ratings:
    """Flora's Flowers asks for ratings, and amir has answered carol."""

    def __init__(self, shop: Shop, server: MailServer) -> None:
        self.shop, self.server = shop, server
        CsatSettings.objects.create(business=shop.business, enabled=True, question="Happy with us?")

    def resolve(self) -> Episode:
        self.shop.say(self.shop.carol, "Is it ready?")
        self.shop.say(self.shop.amir, "Yes")
        self.shop.read(self.shop.carol)
        where = self.shop.conversation
        body = TeamBody(status="resolved", assignee_id=str(self.shop.amir.pk))
        set_team_state(user_id=self.shop.olivia.pk, conversation_id=where.pk, body=body)
        where.refresh_from_db()
        measure_episode.call(str(where.pk), where.last_seq)
        episode = Episode.objects.order_by("-resolved_at").first()
        assert episode is not None
        assert episode.asked_at is not None
        self.consider(episode, is_later=False)
        return episode

    def consider(self, episode: Episode, *, is_later: bool = True) -> None:
        ahead = self.shop.clock.ahead
        rating_requests.consider(str(episode.pk), is_later=is_later, ahead=ahead)
        self.shop.run_jobs()

    def wait(self, episode: Episode) -> None:
        self.shop.pass_seconds(TEN_MINUTES)
        self.consider(episode)

    @property
    def mails(self) -> list[EmailMessage]:
        return [mail for mail in self.server.mails if mail["To"] == "carol@mail.example"]

    def links(self) -> list[str]:
        body = self.mails[-1].get_body(("plain",))
        assert body is not None
        return re.findall(r"https://chat\.example(/mail/rate/\S+)", str(body.get_content()))

    def reasons(self) -> list[tuple[str, str]]:
        rows = Notice.objects.filter(user=self.shop.carol, channel=Channel.EMAIL, episode__isnull=False)
        return [(row.state, row.reason) for row in rows]


@pytest.fixture
def ratings(shop: Shop, mail_server: MailServer) -> Ratings:
    return Ratings(shop, mail_server)


def test_the_mail_comes_once_and_its_links_rate_nothing_by_themselves(ratings: Ratings) -> None:
    episode = ratings.resolve()
    assert ratings.mails == []  # not before the usual time of a mail
    ratings.wait(episode)
    ratings.consider(episode)
    [mail] = ratings.mails
    assert mail["Subject"] == "Your conversation with Flora's Flowers"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/mail/unsubscribe/" in mail["List-Unsubscribe"]
    assert str(ratings.shop.conversation.pk) in mail["References"]
    links = ratings.links()
    assert len(links) == 5
    client = Client(enforce_csrf_checks=True)
    page = client.get(links[3]).content.decode()  # as a link scanner does
    assert "Happy with us?" in page
    assert re.search(r'value="4" required checked', page)
    assert client.head(links[3]).status_code == 200
    episode.refresh_from_db()
    assert episode.score is None
    done = client.post(links[3], {"score": "4", "comment": "lovely"})
    assert "Thank you" in done.content.decode()
    kept = Episode.objects.get(pk=episode.pk)
    assert (kept.score, kept.comment, kept.agent) == (4, "lovely", ratings.shop.amir)
    assert done["Referrer-Policy"] == "no-referrer"


def test_every_episode_has_a_mail_of_its_own(ratings: Ratings) -> None:
    first = ratings.resolve()
    ratings.wait(first)
    old_link = ratings.links()[0]
    ratings.shop.clock = type(ratings.shop.clock)()
    second = ratings.resolve()
    ratings.wait(second)
    assert len(ratings.mails) == 2
    client = Client()
    assert client.get(old_link).status_code == 404  # the conversation has continued
    assert client.post(old_link, {"score": "1"}).status_code == 404
    assert client.post(ratings.links()[4], {"score": "5"}).status_code == 200
    assert list(Episode.objects.order_by("resolved_at").values_list("score", flat=True)) == [None, 5]


def test_a_customer_who_comes_back_in_time_is_asked_later(ratings: Ratings) -> None:
    """Waiting does not use up the attempts, which are for failures of the mail server."""
    episode = ratings.resolve()
    ratings.shop.pass_seconds(TEN_MINUTES)
    rating_requests.consider(str(episode.pk), is_later=True, ahead=ratings.shop.clock.ahead)
    [notice] = Notice.objects.filter(episode=episode)
    looks(ratings)
    rating_requests.deliver(str(notice.pk), notice.created_at)
    assert not Notice.objects.filter(episode=episode).exists()
    assert ratings.mails == []


def test_a_conversation_that_is_open_again_asks_nobody(ratings: Ratings) -> None:
    episode = ratings.resolve()
    where = ratings.shop.conversation.pk
    set_team_state(user_id=ratings.shop.olivia.pk, conversation_id=where, body=TeamBody(status="open"))
    ratings.wait(episode)
    assert ratings.mails == []
    assert ratings.reasons() == [("skipped", "read")]


def looks(ratings: Ratings) -> None:
    ratings.shop.looks_at_a_screen(ratings.shop.carol)


def turns_mails_off(ratings: Ratings) -> None:
    NotificationSettings.objects.create(user=ratings.shop.carol, email_unread=False)


def has_no_address(ratings: Ratings) -> None:
    ratings.shop.carol.email = ""
    ratings.shop.carol.save()


@pytest.mark.parametrize(
    ("before", "reason"), [(looks, "read"), (turns_mails_off, "off"), (has_no_address, "no_address")]
)
def test_who_gets_no_mail(ratings: Ratings, before: Any, reason: str) -> None:
    before(ratings)
    episode = ratings.resolve()
    ratings.wait(episode)
    assert ratings.mails == []
    assert ratings.reasons() == [("skipped", reason)]


def rates(ratings: Ratings, episode: Episode) -> None:
    Episode.objects.filter(pk=episode.pk).update(score=5, rated_at=episode.asked_at)


def writes_again(ratings: Ratings, episode: Episode) -> None:
    ratings.shop.say(ratings.shop.carol, "One more thing")


def comes_back(ratings: Ratings, episode: Episode) -> None:
    ratings.shop.say(ratings.shop.amir, "Bye")
    ratings.shop.read(ratings.shop.carol)


def opens_the_page(ratings: Ratings, episode: Episode) -> None:
    client = Client()
    client.force_login(ratings.shop.carol)
    assert "Happy with us?" in client.get(f"/app/c/{ratings.shop.conversation.pk}").content.decode()


def looks_at_the_conversation(ratings: Ratings, episode: Episode) -> None:
    csat.note_questions_seen([(ratings.shop.carol.pk, ratings.shop.conversation.pk)])


@pytest.mark.parametrize(
    "meanwhile", [rates, writes_again, comes_back, opens_the_page, looks_at_the_conversation]
)
def test_what_makes_the_mail_needless(ratings: Ratings, meanwhile: Any) -> None:
    episode = ratings.resolve()
    meanwhile(ratings, episode)
    ratings.wait(episode)
    assert ratings.reasons() == [("skipped", "read")]
    assert not [mail for mail in ratings.mails if "Your conversation" in mail["Subject"]]


def test_who_looks_elsewhere_has_not_seen_the_question(ratings: Ratings) -> None:
    shop = ratings.shop
    episode = ratings.resolve()
    other = Conversation.objects.create(business=shop.business, customer=shop.amir)
    csat.note_questions_seen([(shop.carol.pk, other.pk), (shop.olivia.pk, shop.conversation.pk)])
    ratings.wait(episode)
    assert len(ratings.mails) == 1


def test_a_moderated_conversation_asks_for_nothing(ratings: Ratings) -> None:
    episode = ratings.resolve()
    moderation.freeze_conversation(actor=None, conversation_id=ratings.shop.conversation.pk, reason="spam")
    ratings.wait(episode)
    assert ratings.reasons() == [("skipped", "suspended")]


def test_it_waits_while_the_customer_looks_and_is_decided_again_when_it_is_sent(ratings: Ratings) -> None:
    episode = ratings.resolve()
    ratings.shop.pass_seconds(TEN_MINUTES)
    looks(ratings)
    ratings.consider(episode)
    assert ratings.reasons() == []
    assert ratings.mails == []


def test_bad_links_and_scores(ratings: Ratings) -> None:
    episode = ratings.resolve()
    ratings.wait(episode)
    link = ratings.links()[0]
    client = Client()
    assert client.post("/mail/rate/nonsense", {"score": "1"}).status_code == 404
    for score in ("", "0", "6", "x"):
        assert client.post(link, {"score": score}).status_code == 400
    assert client.post(link, {"score": "1", "comment": "x" * 1001}).status_code == 400
    assert client.get(link.replace("score=1", "score=9")).status_code == 200
    Episode.objects.update(asked_at=episode.asked_at - timedelta(days=15))  # type: ignore[operator]
    assert client.post(link, {"score": "1"}).status_code == 404
    assert client.get(link).status_code == 404
    assert Episode.objects.get().score is None


def test_the_question_stays_a_message_that_counts_as_read(ratings: Ratings) -> None:
    ratings.wait(ratings.resolve())
    ratings.shop.conversation.refresh_from_db()
    assert ratings.shop.conversation.customer_unread == 0
    assert ChatMessage.objects.filter(sender_side="system").count() == 1
    assert TeamState.objects.get().status == "resolved"
