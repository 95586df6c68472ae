"""The workers that are alive, and when each recurring job is due."""

from __future__ import annotations

from django.db import models


class Worker(models.Model):
    """A process that runs jobs. It renews `seen_at`. If it stops doing so, its jobs run again."""

    id = models.CharField(primary_key=True, max_length=60, editable=False)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id


class RecurringJob(models.Model):
    """A recurring job. The lock of its row lets only one worker enqueue it."""

    name = models.CharField(primary_key=True, max_length=100, editable=False)
    next_run_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
