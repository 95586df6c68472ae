"""Jobs for the tests. They record what they did as names of auth groups in the database."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import Group

from chatsite.background.jobs import PermanentFailure, RetryLater, job
from chatsite.config.queues import WEBHOOK_QUEUE


def runs(name: str) -> int:
    return Group.objects.filter(name__startswith=f"{name}/").count()


def _note(name: str) -> int:
    number = runs(name) + 1
    Group.objects.create(name=f"{name}/{number}")
    return number


@job()
def note(name: str) -> None:
    _note(name)


@job(attempts=3)
def fail_until_third(name: str) -> None:
    if _note(name) < 3:
        raise ValueError("not yet")


@job(attempts=2)
def always_fail(name: str) -> None:
    _note(name)
    raise ValueError("never")


@job()
def fail_for_good(name: str) -> None:
    _note(name)
    raise PermanentFailure("useless")


@job()
def follow(name: str) -> None:
    _note(f"after {name}")


@job(attempts=2, given_up=follow)
def fail_with_a_follower(name: str) -> None:
    _note(name)
    raise ValueError("never")


@job()
def ask_for_a_pause(name: str) -> None:
    _note(name)
    raise RetryLater("busy", seconds=timedelta(hours=2).total_seconds())


@job(attempts=60)
def ask_for_a_second(name: str) -> None:
    _note(name)
    raise RetryLater("busy", seconds=1)


@job(queue=WEBHOOK_QUEUE)
def hang(name: str) -> None:
    """Hang at the first start, and return at the second."""
    if _note(name) == 1:
        time.sleep(600)


@job()
def query_after_outage(name: str, is_over: str) -> None:
    """Do nothing until the file `is_over` exists, and then read and write the database."""
    while not Path(is_over).exists():
        time.sleep(0.05)
    _note(name)
