"""A worker that is killed at its first step, then at its second, and so on, until it reaches its end alive.

A step is a statement of the database, or the moment before something is sent. `kill_at_every_step` runs in a process of
the deployment. Each worker that is killed is a fork of it. The process itself is the worker that finishes its work.
"""

from __future__ import annotations

import ipaddress
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.contrib.auth import get_user_model
from django.core.mail.message import EmailMultiAlternatives
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL
from django.test import override_settings
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from chatsite.background.housekeeping import reclaim_lost_jobs
from chatsite.background.worker import WorkerProcess
from chatsite.config.queues import DELIVERY_QUEUE, MAIL_QUEUE, SLOW_PUSH_QUEUE
from chatsite.http import outgoing
from conversations import operations
from conversations.models import Business, Conversation, Membership
from conversations.requests import SendBody
from notifications.delivery.escalation_check import PENDING_MAIL, check_due
from notifications.delivery.models import Notice
from notifications.delivery.push import sending as push
from notifications.delivery.push.subscriptions import subscribe
from notifications.delivery.push.vapid import new_private_key

MOST = 500  # steps


def kill_at_every_step(
    *, name: str, mail_port: int, endpoint: str, keys: dict[str, str], certificate: str
) -> list[str]:
    """For each step, return its kind and the states of the notices to the one who was to be notified."""
    os.environ["SSL_CERT_FILE"] = certificate
    outgoing.tls_context.cache_clear()
    owner = get_user_model().objects.create(username=name)
    shop = Business.objects.create(name=name, slug=name)
    Membership.objects.create(business=shop, user=owner, role=Membership.Role.OWNER)
    lines = []
    with override_settings(**_settings(mail_port)), _without_pool():
        _write_to_customer(shop, owner, f"{name}-0", f"{endpoint}0", keys)
        _run_worker()  # imports and compiles what every fork would have to
        for number in range(1, MOST):
            customer = _write_to_customer(shop, owner, f"{name}-{number}", f"{endpoint}{number}", keys)
            kind = _run_in_fork(number)
            _take_over_jobs()
            _run_worker()
            _run_worker(ahead=PENDING_MAIL * 2)
            notices = Notice.objects.filter(user=customer).order_by("channel")
            lines.append(
                " ".join([str(number), kind or "end", *(f"{row.channel}-{row.state}" for row in notices)])
            )
            if not kind:
                return lines
    raise AssertionError("the worker does not end")


def _settings(mail_port: int) -> dict[str, Any]:
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": mail_port,
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
        "CHAT_SENDS_MAIL": True,
        "PUSH_AFTER_SECONDS": 0,
        "MAIL_AFTER_SECONDS": 0,
        "VAPID_PRIVATE_KEY": new_private_key(),
        "VAPID_SUBJECT": "mailto:chat@chat.example",
        "SITE_URL": "https://chat.example",
        "OUTGOING_ALLOW_NETWORKS": [ipaddress.ip_network("127.0.0.0/8")],
    }


def _write_to_customer(shop: Business, owner: Any, name: str, endpoint: str, keys: dict[str, str]) -> Any:
    customer = get_user_model().objects.create(username=name, email=f"{name}@mail.example")
    subscribe(user=customer, endpoint=endpoint, p256dh=keys["p256dh"], auth=keys["auth"])
    where = Conversation.objects.create(business=shop, customer=customer)
    operations.send_message(sender_id=owner.pk, conversation_id=where.pk, body=SendBody(content="Hello"))
    return customer


@contextmanager
def _without_pool() -> Iterator[None]:
    """Let each process have one connection. A pool would keep those that are closed, and open two in each fork."""
    connections.close_all()
    own = connections[DEFAULT_DB_ALIAS]
    if isinstance(own, PostgreSQL):
        own.close_pool()
    options = own.settings_dict["OPTIONS"]
    with patch.dict(options, {**options, "pool": False}):
        yield
        connections.close_all()


def _run_worker(ahead: timedelta = timedelta()) -> None:
    check_due(timezone.now() + ahead)
    WorkerProcess({DELIVERY_QUEUE: 1, MAIL_QUEUE: 1, SLOW_PUSH_QUEUE: 1}).run_ready_jobs()


def _run_in_fork(kill_at: int) -> str:
    """Run a worker, and return the kind of the step at which it was killed. "": it has reached its end."""
    connections.close_all()  # a fork would share them
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        with _counted_steps(kill_at, write):
            _run_worker()
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        kind = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) == bool(kind), status
    return kind


@contextmanager
def _counted_steps(kill_at: int, pipe: int) -> Iterator[None]:
    steps = 0

    def count(kind: str) -> None:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.write(pipe, kind.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def before(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            count(kind)
            return function(*args, **kwargs)

        return counted

    def statement(execute: Callable[..., Any], *args: Any) -> Any:
        count("statement")
        return execute(*args)

    with (
        patch.object(push, "post", before("push", outgoing.post)),
        patch.object(EmailMultiAlternatives, "send", before("mail", EmailMultiAlternatives.send)),
        connection.execute_wrapper(statement),
    ):
        yield


def _take_over_jobs() -> None:
    """What another worker does once the killed one has been silent for long."""
    running = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING)
    running.update(started_at=timezone.now() - timedelta(minutes=5))
    reclaim_lost_jobs()
