"""`kill -9` of a worker before and while it sends mails and pushes causes no duplicates.

What was in progress at that moment may have arrived or not, and is marked `unknown`. Everything else arrives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from notifications.delivery.push.vapid import new_private_key
from tests.away.post_office import MailServer, PushService
from tests.harness.backend import Deployment
from tests.harness.patience import wait_until
from tests.harness.processes import NewProcesses
from tests.harness.workers import Worker

pytestmark = pytest.mark.fault

PAIRS: Final = 4  # of a customer with a browser and one with a mail address

# Writes to one customer after the other, and processes what is due, so that the jobs have this order.
SET_UP = """
import ipaddress
from uuid import uuid4
from django.contrib.auth import get_user_model
from django.test import override_settings
from django.utils import timezone
from conversations import operations
from conversations.models import Business, Conversation, Membership
from conversations.requests import SendBody
from notifications.delivery.escalation_check import check_due
from notifications.delivery.models import PushSubscription
from notifications.delivery.push.subscriptions import subscribe
name = f"killed-{{uuid4().hex[:8]}}"
users = get_user_model().objects
shop = Business.objects.create(name=name, slug=name)
owner = users.create(username=name)
Membership.objects.create(business=shop, user=owner, role="owner")
with override_settings(
    CHAT_SENDS_MAIL=True, PUSH_AFTER_SECONDS=0, MAIL_AFTER_SECONDS=0, VAPID_PRIVATE_KEY={key!r},
    OUTGOING_ALLOW_NETWORKS=[ipaddress.ip_network("127.0.0.0/8")],
):
    for number in range({pairs}):
        for email in ("", f"{{name}}-{{number}}@mail.example"):
            customer = users.create(username=f"{{name}}-{{number}}{{email}}", email=email)
            if not email:
                subscribe(user=customer, endpoint=f"{origin}{{number}}", **{keys!r})
            where = Conversation.objects.create(business=shop, customer=customer)
            operations.send_message(sender_id=owner.pk, conversation_id=where.pk, body=SendBody(content="Hello"))
            check_due(timezone.now())
    # Their queue has one thread, and waits longer than this test for an answer.
    PushSubscription.objects.filter(user__username__startswith=name).update(is_slow=True)
print(name)
"""
RUNNING = """
from django_tasks_db.models import DBTaskResult
print(DBTaskResult.objects.filter(status="RUNNING", queue_name__in=["push-slow", "mail"]).count())
"""
# Backdates every heartbeat and start, as if the worker had died.
AGE = """
from datetime import timedelta
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from chatsite.background.models import Worker
long_ago = timezone.now() - timedelta(minutes=5)
DBTaskResult.objects.filter(status="RUNNING").update(started_at=long_ago)
Worker.objects.update(seen_at=long_ago)
"""
STATES = """
from notifications.delivery.models import Notice
for notice in Notice.objects.filter(user__username__startswith={name!r}).exclude(state="skipped"):
    print(f"{{notice.channel}}-{{notice.state}}")
"""


class Scene:
    """A mail server and a push service that can hold up a worker, and workers that use them."""

    def __init__(self, services: Deployment, mail_server: MailServer, folder: Path) -> None:
        self.services = services
        self.mail_server, self.push_service = mail_server, PushService(folder)
        key = new_private_key()
        self._environment = {
            **services.environment,
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}?starttls=0",
            "MAIL_AFTER_SECONDS": "0",
            "PUSH_AFTER_SECONDS": "0",
            "VAPID_PRIVATE_KEY": key,
            "VAPID_SUBJECT": "mailto:chat@chat.example",
            "OUTGOING_ALLOW_NETWORKS": "127.0.0.0/8",
            "SITE_URL": "https://chat.example",
            "SSL_CERT_FILE": str(self.push_service.certificate),
        }
        browser = self.push_service.browser("")
        keys = browser.subscription["keys"]
        set_up = SET_UP.format(key=key, pairs=PAIRS, origin=browser.endpoint, keys=keys)
        self.name = services.shell(set_up).strip()

    @contextmanager
    def killed_worker(self) -> Iterator[None]:
        """Start a worker that takes over the jobs of the last one, and kill it at the end of the block."""
        self.services.shell(AGE)
        worker = Worker(NewProcesses(self._environment), self.services.folder / "killed-worker.log")
        worker.start()
        try:
            yield
        finally:
            worker.kill()

    def running_jobs(self) -> int:
        return int(self.services.shell(RUNNING))

    def states(self) -> Counter[str]:
        return Counter(self.services.shell(STATES.format(name=self.name)).split())


@pytest.fixture
def scene(services: Deployment, mail_server_process: MailServer, tmp_path: Path) -> Iterator[Scene]:
    services.stop_worker()
    mail_server_process.empty()
    scene = Scene(services, mail_server_process, tmp_path)
    yield scene
    mail_server_process.resume()
    mail_server_process.release()
    scene.push_service.answering.set()
    scene.push_service.close()


def test_nothing_comes_twice_and_nothing_is_missing(scene: Scene) -> None:
    mail_server, push_service = scene.mail_server, scene.push_service
    push_service.answering.clear()
    mail_server.pause()
    with scene.killed_worker():
        wait_until(lambda: len(push_service.requests) == 1, "a push that has arrived without an answer")
        wait_until(lambda: scene.running_jobs() == 2, "a mail for which nothing has left yet")
    push_service.answering.set()
    mail_server.hold()
    mail_server.resume()
    with scene.killed_worker():
        wait_until(lambda: len(mail_server.mails) == 1, "a mail that has arrived without an answer")
        # The end of this worker would make a push that is under way `unknown` too.
        wait_until(lambda: scene.states()["push-sent"] == PAIRS - 1, "the end of the pushes")
    mail_server.release()
    finished = {"push-unknown": 1, "push-sent": PAIRS - 1, "email-unknown": 1, "email-sent": PAIRS - 1}
    with scene.killed_worker():
        wait_until(lambda: scene.states() == finished, "the end of all notices")
    assert sorted(path for path, _, _ in push_service.requests) == [f"/{number}" for number in range(PAIRS)]
    addresses = [f"{scene.name}-{number}@mail.example" for number in range(PAIRS)]
    assert sorted(mail["To"] for mail in mail_server.mails) == addresses
