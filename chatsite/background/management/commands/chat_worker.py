"""`manage.py chat_worker`: run background jobs until the process is told to stop."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chatsite.background.recurring import enqueue_due_jobs
from chatsite.background.worker import WorkerProcess
from chatsite.config.queues import THREADS


class Command(BaseCommand):
    help = "Run background jobs: files, push, mail, webhooks and housekeeping. Start as many workers as you need."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--queues", help=f"run only these queues, comma-separated (all: {', '.join(THREADS)})"
        )
        parser.add_argument("--once", action="store_true", help="run the ready jobs and exit")

    def handle(self, *, queues: str | None, once: bool, **options: Any) -> None:
        worker = WorkerProcess(_threads_of(queues))
        if once:
            enqueue_due_jobs()
            worker.run_ready_jobs()
            return

        def stop(signum: int, frame: FrameType | None) -> None:
            worker.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write(f"Worker {worker.id} runs background jobs (Ctrl-C stops it).")
        worker.run()


def _threads_of(queues: str | None) -> dict[str, int]:
    if queues is None:
        return dict(THREADS)
    names = [name.strip() for name in queues.split(",")]
    unknown = [name for name in names if name not in THREADS]
    if unknown:
        raise CommandError(f"There is no queue {unknown[0]!r}. The queues are {', '.join(THREADS)}.")
    return {name: THREADS[name] for name in names}
