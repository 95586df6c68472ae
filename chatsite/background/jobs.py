"""Declare jobs and enqueue them.

    @job(queue=DELIVERY_QUEUE, attempts=8)
    def send_mail(notice_id: str) -> None: ...

    enqueue(send_mail, notice_id, delay=timedelta(minutes=10))

A job may run twice, after a kill or an error. So a job first reads from the database what is still to be done, and does
only that. Arguments are JSON: ids, not objects.
"""

from __future__ import annotations

import functools
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.utils import timezone
from django_tasks import task
from django_tasks.base import Task
from django_tasks.exceptions import InvalidTaskError
from django_tasks_db.backend import DatabaseBackend

from chatsite.config.queues import DEFAULT_QUEUE
from chatsite.database.threads import drop_broken_connections
from chatsite.errors import is_database_unavailable
from chatsite.observability.metrics.instruments import Counter

logger = logging.getLogger(__name__)

FIRST_RETRY: Final = 2.0  # seconds; each further wait is twice as long
LONGEST_WAIT: Final = 3600.0  # seconds
# A worker whose clock is behind by less still finds a new job at once.
CLOCK_SKEW: Final = timedelta(seconds=5)
OUTAGE_PAUSE: Final = 1.0  # seconds between two tries to reach the database

job_retries = Counter("chat_job_retries", "Jobs that failed and were enqueued again.", "job")
job_failures = Counter("chat_job_failures", "Jobs that failed at their last attempt.", "job")

FunctionT = TypeVar("FunctionT", bound=Callable[..., None])
Job = Task[..., None]

_given_up: Final[dict[str, Job]] = {}  # by the module path of the job that was given up


class RetryLater(Exception):
    """Raise this in a job to run it again, after `seconds` at the earliest, such as those of a Retry-After header.

    It also waits as long as after any failed attempt, so that a small number does not use up all attempts within a
    minute. With 0 it is run again at once.
    """

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class PermanentFailure(Exception):
    """A job raises this if another attempt would be useless."""


class AttemptFailed(Exception):
    """The stored result of a failed attempt: which attempt it was, and when the next one is."""


def job(
    *, queue: str = DEFAULT_QUEUE, attempts: int = 5, priority: int = 0, given_up: Job | None = None
) -> Callable[[FunctionT], Job]:
    """Make a module's function a job. It is retried `attempts - 1` times, with exponential backoff and jitter.

    The job `given_up` gets the same arguments once the last attempt has failed, or too many workers have died while
    they ran the job.
    """

    def declare(function: FunctionT) -> Job:
        @functools.wraps(function)
        def run(*args: Any, attempt: int = 1, **kwargs: Any) -> None:
            try:
                function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001  any failure of a job is retried and recorded
                _retry_or_give_up(declared, error, attempt, attempts, args, kwargs)

        try:
            declared: Job = task(queue_name=queue, priority=priority)(run)
        except InvalidTaskError as error:
            raise ImproperlyConfigured(f'TASKS["default"]["QUEUES"] lacks {queue!r}.') from error
        if given_up is not None:
            _given_up[declared.module_path] = given_up
        return declared

    return declare


def enqueue(declared: Job, *args: Any, delay: timedelta | None = None, **kwargs: Any) -> None:
    """Store a job in the current transaction. It runs after the commit, and not before `delay` has passed.

    A backend that stores its jobs outside of the database gets the job after the commit.
    """
    is_stored_here = isinstance(declared.get_backend(), DatabaseBackend)
    if delay is not None:
        declared = declared.using(run_after=timezone.now() + delay)
    elif is_stored_here:
        # The jobs of a queue run in the order of these times. Without one, a job would wait for all overdue retries.
        declared = declared.using(run_after=timezone.now() - CLOCK_SKEW)
    if is_stored_here:
        declared.enqueue(*args, **kwargs)
    else:
        transaction.on_commit(functools.partial(declared.enqueue, *args, **kwargs))


def give_up(task_path: str, args: Iterable[Any], kwargs: Mapping[str, Any]) -> None:
    """Enqueue the job's `given_up` job, if it has one, because no attempt is left."""
    following = _given_up.get(task_path)
    if following is not None:
        arguments = {name: value for name, value in kwargs.items() if name != "attempt"}
        enqueue(following, *args, **arguments)


def backoff(attempt: int) -> float:
    """Return the seconds until the attempt after `attempt`: 2, 4, 8 … up to an hour, each varied by a quarter."""
    return min(FIRST_RETRY * 2.0 ** (attempt - 1), LONGEST_WAIT) * random.uniform(0.75, 1.25)


def _wait(error: Exception, attempt: int) -> float:
    asked = error.seconds if isinstance(error, RetryLater) else None
    return 0.0 if asked == 0 else max(backoff(attempt), asked or 0.0)


def _insist(store: Callable[[], None]) -> None:
    """Store the next job on a sound connection. During an outage of the database, wait for its end.

    The failed attempt is recorded afterwards. If the next job were not stored by then, there would be none. A worker
    that cannot reach the database has nothing else to do.
    """
    while True:
        drop_broken_connections(has_failed=True)
        try:
            return store()
        except Exception as error:
            if connection.in_atomic_block or not is_database_unavailable(error):
                raise
            logger.warning("a job waits for the database to record its failure: %s", error)
        time.sleep(OUTAGE_PAUSE)


def _retry_or_give_up(
    declared: Job,
    error: Exception,
    attempt: int,
    attempts: int,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    name = declared.name
    if isinstance(error, PermanentFailure) or attempt >= attempts:
        job_failures.add(1, name)
        logger.error("job %s failed at attempt %d of %d", name, attempt, attempts, exc_info=error)
        _insist(functools.partial(give_up, declared.module_path, args, kwargs))
        raise AttemptFailed(f"attempt {attempt} of {attempts}; there is no further attempt") from error
    wait = _wait(error, attempt)
    delay = timedelta(seconds=wait)
    _insist(functools.partial(enqueue, declared, *args, delay=delay, attempt=attempt + 1, **kwargs))
    job_retries.add(1, name)
    logger.warning(
        "job %s failed at attempt %d of %d; next in %.0f s: %s", name, attempt, attempts, wait, error
    )
    raise AttemptFailed(f"attempt {attempt} of {attempts}; the next one is in {wait:.0f} s") from error
