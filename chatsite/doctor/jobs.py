"""A check of the background jobs: whether workers serve every queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from chatsite.doctor.findings import Finding, ok, warn

LATE: Final = timedelta(minutes=10)  # longer than a long job holds up its queue


def examine() -> Iterator[Finding]:
    name = "jobs.queues"
    late = DBTaskResult.objects.ready().filter(run_after__lt=timezone.now() - LATE).order_by()
    queues = sorted(set(late.values_list("queue_name", flat=True).distinct()))
    if queues:
        text = f"Jobs have waited for more than ten minutes in: {', '.join(queues)}."
        yield warn(name, text, "Start workers. With --queues, together they must serve all queues.")
    else:
        yield ok(name, "No job has waited for long.")
