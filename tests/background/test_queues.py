"""What somebody waits for is in a queue that no slow job can fill."""

from __future__ import annotations

import pytest
from django.conf import settings

from chatsite.background import recurring
from chatsite.background.jobs import Job
from chatsite.config.queues import ACCOUNT_MAIL_QUEUE, HOUSEKEEPING_QUEUE, QUEUES, THREADS
from chatsite.identity import account_mails
from notifications import invitation_mails
from notifications.delivery import jobs, rating_requests
from notifications.delivery.mail import sending as mail
from notifications.delivery.push import sending as push

pytestmark = pytest.mark.standalone

OF_ACCOUNTS = (
    account_mails.send_confirmation,
    account_mails.send_password_links,
    invitation_mails.send_invitation,
)


@pytest.mark.parametrize("job", OF_ACCOUNTS, ids=lambda job: job.name)
def test_mails_of_accounts_have_their_own_queue(job: Job) -> None:
    assert job.queue_name == ACCOUNT_MAIL_QUEUE


def test_a_mail_server_that_hangs_delays_no_push() -> None:
    mails = {mail.send_mail.queue_name, rating_requests.send_rating_mail.queue_name}
    others = {jobs.look_at_escalations.queue_name, push.send_push.queue_name, push.withdraw_push.queue_name}
    assert mails.isdisjoint(others)


def test_recurring_jobs_that_take_long_do_not_delay_short_ones() -> None:
    short = {"wake_snoozed", "assign_everywhere", "wake_forgotten", "look_at_escalations"}
    jobs_of_site = [one.job for one in recurring._recurrences.values() if "tests" not in one.job.module_path]
    queues = {job.name: job.queue_name for job in jobs_of_site}
    assert {name for name, queue in queues.items() if queue != HOUSEKEEPING_QUEUE} == short


def test_the_threads_of_a_worker_share_the_default_pool() -> None:
    """Each thread of a queue, and the main thread, may hold a connection at once."""
    assert sum(THREADS.values()) + 1 <= 16


def test_the_site_has_every_queue() -> None:
    assert settings.TASKS["default"]["QUEUES"] == list(QUEUES)
