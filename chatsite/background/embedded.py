"""The worker inside the server's process, for a site without Redis.

Such a site has one process, and only that process can send events to its sockets. So its jobs run on threads of the
process. With REDIS_URL, `manage.py chat_worker` runs them in separate processes.
"""

from __future__ import annotations

import asyncio
import threading

from django.conf import settings

from chatsite.background.worker import WorkerProcess
from chatsite.realtime import registry
from chatsite.realtime.interfaces import Runtime

_workers: list[tuple[WorkerProcess, threading.Thread]] = []


def start_embedded_worker(runtime: Runtime) -> None:
    if settings.BACKGROUND_WORKER != "embedded" or _workers:
        return
    worker = WorkerProcess()
    thread = threading.Thread(target=worker.run, name="jobs", daemon=True)
    _workers.append((worker, thread))
    thread.start()


async def stop_embedded_worker(runtime: Runtime) -> None:
    while _workers:
        worker, thread = _workers.pop()
        worker.stop()
        await asyncio.to_thread(thread.join)


registry.started.append(start_embedded_worker)
registry.stopping.append(stop_embedded_worker)
