"""A canned answer has files. Who uses it gets copies to send, and the answer keeps its own."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.processing import process
from conversations.attachments.sweeping import UNUSED_FOR, sweep_unused_uploads
from conversations.membership import add_member, remove_member
from conversations.moderation import erasure
from conversations.team.access import find_membership
from conversations.team.canned.queries import visible_answers
from tests.attachments.contents import PDF, picture
from tests.attachments.files import Scene, body, files_in, refused, run_jobs, upload
from tests.conversations.people import client_of, person

ANSWERS = "/team/canned-answers"
pytestmark = pytest.mark.django_db


class Shop(Scene):
    """Scene with a colleague, and an answer with a price list and a photo."""

    def __init__(self) -> None:
        super().__init__()
        self.colleague = person()
        self.shop = self.where.business
        add_member(business_id=self.shop.pk, user_id=self.colleague.pk)

    def make(self, *ids: str, **more: Any) -> Any:
        answer = {"businessId": str(self.shop.pk), "code": "prices", "text": "Our prices:", **more}
        return client_of(self.colleague).post(ANSWERS, {**answer, "attachmentIds": list(ids)}, format="json")

    def change(self, answer_id: str, *ids: str, user: User | None = None) -> Any:
        address = f"{ANSWERS}/{answer_id}"
        return client_of(user or self.colleague).patch(address, {"attachmentIds": list(ids)}, format="json")

    def use(self, user: User, answer_id: str) -> Any:
        asked = {"conversationId": str(self.where.pk)}
        return client_of(user).post(f"{ANSWERS}/{answer_id}/use", asked, format="json")

    def uploads(self) -> list[str]:
        files = ((PDF, "prices.pdf"), (picture(), "shop.jpg"))
        made = [upload(self.colleague, content, name).json()["id"] for content, name in files]
        for one in made:
            process(one)
        return made


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop()


def test_a_used_answer_gives_copies_that_are_sent(shop: Shop) -> None:
    made = shop.make(*shop.uploads()).json()
    assert [file["name"] for file in made["attachments"]] == ["prices.pdf", "shop.jpg"]
    for _ in range(2):
        filled = shop.use(shop.member, made["id"]).json()
        ids = [file["id"] for file in filled["attachments"]]
        sent = shop.send(shop.member, *ids, content=filled["text"])
        assert sent.status_code == 201, sent.content
        price_list, photo = shop.shown(shop.customer)["attachments"]
        assert (price_list["name"], photo["name"]) == ("prices.pdf", "shop.jpg")
        assert body(client_of(shop.customer).get(price_list["url"])) == PDF
        assert photo["thumbnailUrl"]
    assert StoredFile.objects.count() == 3  # the list, the photo and its thumbnail; the copies share them
    assert client_of(shop.member).get(f"{ANSWERS}/{made['id']}").json()["uses"] == 2


def test_a_picture_that_is_still_processed_is_copied(shop: Shop) -> None:
    waiting = upload(shop.colleague, picture(), "shop.jpg").json()["id"]
    answer = shop.make(waiting).json()["id"]
    [copy] = shop.use(shop.member, answer).json()["attachments"]
    run_jobs()
    assert set(Attachment.objects.values_list("state", flat=True)) == {"ready"}
    assert shop.send(shop.member, copy["id"]).status_code == 201
    assert shop.shown(shop.customer)["attachments"][0]["thumbnailUrl"]


def test_files_are_replaced_and_deleted(shop: Shop, storage: Path) -> None:
    prices, photo = shop.uploads()
    answer = shop.make(prices, photo).json()["id"]
    assert [file["id"] for file in shop.change(answer, photo, prices).json()["attachments"]] == [
        photo,
        prices,
    ]
    [kept] = shop.change(answer, prices, user=shop.member).json()["attachments"]  # an owner of the business
    run_jobs()
    assert len(files_in(storage)) == 1
    assert client_of(shop.member).delete(f"{ANSWERS}/{answer}").status_code == 204
    assert client_of(person()).get(kept["url"]).status_code == 404
    run_jobs()
    assert files_in(storage) == []


def test_only_own_unsent_uploads_are_taken(shop: Shop) -> None:
    prices, photo = shop.uploads()
    foreign = upload(shop.member, PDF).json()["id"]
    assert refused(shop.make(foreign)) == (400, "invalid")
    assert refused(shop.make(prices, prices)) == (400, "invalid")
    assert refused(shop.make(*[prices] * 11)) == (400, "invalid")
    shop.send(shop.colleague, photo)
    assert refused(shop.make(photo)) == (409, "conflict")
    answer = shop.make(prices).json()
    again = shop.make(prices, code="again")  # a file is in one answer
    assert refused(again) == (400, "invalid")
    assert refused(shop.send(shop.colleague, prices)) == (400, "invalid")
    assert refused(client_of(shop.colleague).delete(f"/chat/uploads/{prices}")) == (404, "not_found")
    assert client_of(shop.customer).get(f"/chat/attachments/{prices}").status_code == 404
    assert refused(shop.use(shop.customer, answer["id"])) == (404, "not_found")


def test_a_process_keeps_no_answer_that_it_has_read(shop: Shop) -> None:
    shop.make(*shop.uploads())
    [answer] = visible_answers(find_membership(shop.member.pk, shop.shop.pk))
    kept = weakref.ref(answer)
    del answer
    gc.collect()
    assert kept() is None


def test_a_quota_is_kept(shop: Shop, settings: Any) -> None:
    answer = shop.make(*shop.uploads()[:1]).json()["id"]
    limits = settings.CHAT
    settings.CHAT = limits.__class__(user_attachment_bytes=len(PDF))
    assert shop.use(shop.member, answer).status_code == 200
    assert refused(shop.use(shop.member, answer)) == (413, "too_large")
    settings.CHAT = limits.__class__(business_attachment_bytes=1)
    assert refused(shop.change(answer, upload(shop.colleague, PDF).json()["id"])) == (413, "too_large")


def test_files_stay_after_a_day_and_after_their_uploader(shop: Shop, storage: Path) -> None:
    answer = shop.make(*shop.uploads()).json()["id"]
    shop.use(shop.member, answer)  # and sends nothing
    for model in (Attachment, StoredFile):
        model.objects.update(created_at=F("created_at") - UNUSED_FOR)
    sweep_unused_uploads()
    assert Attachment.objects.count() == 2
    remove_member(business_id=shop.shop.pk, user_id=shop.colleague.pk)
    erasure.erase_person(actor=None, user_id=shop.colleague.pk, reason="asked")
    run_jobs()
    assert len(shop.use(shop.member, answer).json()["attachments"]) == 2
    assert len(files_in(storage)) == 3


def test_the_files_of_a_private_answer_go_with_its_owner(shop: Shop, storage: Path) -> None:
    shop.make(*shop.uploads(), scope="private")
    remove_member(business_id=shop.shop.pk, user_id=shop.colleague.pk)
    StoredFile.objects.update(created_at=timezone.now() - UNUSED_FOR)
    sweep_unused_uploads()
    assert files_in(storage) == []
