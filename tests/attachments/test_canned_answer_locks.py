"""Members use a canned answer with files while somebody changes or deletes it, and no transaction is cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import RequestFactory

from conversations.attachments.models import Attachment
from conversations.membership import add_member, remove_member
from conversations.models import CannedAnswer, TeamGroup
from conversations.team.canned import operations
from conversations.team.canned.serializers import CannedAnswerBody, CannedAnswerChange
from conversations.team.jobs import dissolve_group
from tests.attachments.contents import PDF
from tests.attachments.files import Scene, upload
from tests.conversations.people import person
from tests.harness.patience import patience

# PostgreSQL reads `pg_stat_activity` once in a transaction, and would not show a session that began later.
AFRESH = "SELECT pg_stat_clear_snapshot()"
WAITING = """
    SELECT count(DISTINCT pg_locks.pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND pg_stat_activity.datname = current_database()
"""


class Shop(Scene):
    """A business with an agent, and an answer of the agent's whose second file was uploaded first."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.business, self.agent = self.where.business, person()
        add_member(business_id=self.business.pk, user_id=self.agent.pk)
        self.group = TeamGroup.objects.create(business=self.business, name="Sales")
        self.group.members.add(self.agent)
        self.uploaded = [upload(self.agent, PDF, name).json()["id"] for name in ("1.pdf", "2.pdf", "3.pdf")]
        self.first, self.second, self.unused = self.uploaded
        body = CannedAnswerBody(
            business_id=str(self.business.pk),
            code="prices",
            text="Our prices:",
            scope=scope,  # type: ignore[arg-type]
            group_id=str(self.group.pk) if scope == "group" else None,
            attachment_ids=[self.second, self.first],
        )
        self.answer, _ = operations.create_answer(user_id=self.agent.pk, body=body)

    def use(self) -> None:
        operations.use_answer(
            user_id=self.agent.pk, answer_id=str(self.answer.pk), conversation_id=str(self.where.pk)
        )

    def set_files(self, *ids: str) -> None:
        operations.change_answer(
            user_id=self.agent.pk,
            answer_id=str(self.answer.pk),
            body=CannedAnswerChange(attachment_ids=list(ids)),
        )

    def replace_files(self) -> None:
        self.set_files(self.unused, self.second)

    def delete(self) -> None:
        operations.delete_answer(user_id=self.agent.pk, answer_id=str(self.answer.pk))

    def delete_in_the_admin(self) -> None:
        page = admin.site.get_model_admin(CannedAnswer)
        page.delete_model(RequestFactory().post("/"), self.answer)

    def dissolve_group(self) -> None:
        TeamGroup.objects.filter(pk=self.group.pk).update(removed_at=self.answer.created_at)
        dissolve_group.func(str(self.group.pk))

    def leave(self) -> None:
        remove_member(business_id=self.business.pk, user_id=self.agent.pk)


def closing(call: Callable[[], None]) -> None:
    try:
        call()
    finally:
        connection.close()


def until_waiting(count: int) -> None:
    """Return once so many transactions wait for a lock."""
    pause, waiting = threading.Event(), 0
    for _ in range(int(patience(30) / 0.02)):
        with connection.cursor() as cursor:
            cursor.execute(AFRESH)
            cursor.execute(WAITING)
            [waiting] = cursor.fetchone()
        if waiting >= count:
            return
        pause.wait(0.02)
    pytest.fail(f"{waiting} transactions wait for a lock, and not {count}")


# SQLite has one lock for everything.
if connection.vendor == "postgresql":

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("scope", "end"),
        [
            ("business", Shop.replace_files),
            ("business", Shop.delete),
            ("business", Shop.delete_in_the_admin),
            ("group", Shop.dissolve_group),
            ("private", Shop.leave),
        ],
    )
    def test_a_use_and_a_change_wait_for_each_other(scope: str, end: Callable[[Shop], None]) -> None:
        shop = Shop(scope)
        with ThreadPoolExecutor(2) as pool:
            with transaction.atomic():
                Attachment.objects.select_for_update().get(pk=shop.second)
                used = pool.submit(closing, shop.use)
                until_waiting(1)
                ended = pool.submit(closing, lambda: end(shop))
                until_waiting(2)
            ended.result(patience(30))
            used.result(patience(30))

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        "call", [Shop.use, Shop.delete, lambda shop: shop.set_files(shop.second, shop.unused)]
    )
    def test_files_are_locked_in_the_order_of_their_ids(call: Callable[[Shop], None]) -> None:
        shop = Shop("business")
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                Attachment.objects.select_for_update().get(pk=shop.first)
                done: Future[None] = pool.submit(closing, lambda: call(shop))
                until_waiting(1)
                later = Attachment.objects.filter(pk__in=[shop.second, shop.unused])
                assert len(later.select_for_update(nowait=True)) == 2
            done.result(patience(30))

    @pytest.mark.django_db(transaction=True)
    def test_a_new_file_with_a_lower_id_is_locked_before_the_present_ones() -> None:
        shop = Shop("business")
        shop.set_files(shop.second)  # deletes the first
        low = Attachment.objects.get(pk=shop.unused)
        low.pk = shop.first
        low.save(force_insert=True)
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                Attachment.objects.select_for_update().get(pk=shop.first)
                done: Future[None] = pool.submit(closing, lambda: shop.set_files(shop.second, shop.first))
                until_waiting(1)
                Attachment.objects.select_for_update(nowait=True).get(pk=shop.second)
            done.result(patience(30))
