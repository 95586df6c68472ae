"""A worker that meets an outage of the mail server and of the push service sends everything afterwards, and once."""

from __future__ import annotations

from typing import Final

import pytest

from tests.away.test_killed_worker import PAIRS, Scene, scene
from tests.harness.patience import wait_until

__all__ = ["scene"]  # a fixture
pytestmark = pytest.mark.fault

FAILED: Final = """
from django_tasks_db.models import DBTaskResult
print(DBTaskResult.objects.filter(status="FAILED", queue_name__in=["delivery", "push-slow", "mail"]).count())
"""


def test_nothing_is_missing_after_an_outage_and_nothing_comes_twice(scene: Scene) -> None:
    mail_server, push_service = scene.mail_server, scene.push_service
    mail_server.stop()
    push_service.close()
    try:
        before = int(scene.services.shell(FAILED))
        with scene.killed_worker():
            wait_until(
                lambda: int(scene.services.shell(FAILED)) >= before + 2 * PAIRS,
                "an attempt for each notice",
                30,
            )
            push_service.start()
            mail_server.start()
            finished = {"push-sent": PAIRS, "email-sent": PAIRS}
            wait_until(lambda: scene.states() == finished, "the end of all notices", 30)
    finally:
        mail_server.stop()
        mail_server.start()
    assert sorted(path for path, _, _ in push_service.requests) == [f"/{number}" for number in range(PAIRS)]
    addresses = [f"{scene.name}-{number}@mail.example" for number in range(PAIRS)]
    arrived = sorted(mail["To"] for mail in mail_server.mails if mail["To"].startswith(scene.name))
    assert arrived == addresses
