"""An S3 server in a thread. It checks every signature."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from nanio.app import build_app
from nanio.auth.credentials import StaticCredentialResolver
from nanio.config import Settings

from tests.harness.patience import patience
from tests.harness.services import free_port

REGION = "eu-central-1"
KEY, SECRET = "a-key", "a-secret/with+signs"
BUCKET = "files"


@contextmanager
def strict_s3_server(folder: Path) -> Iterator[str]:
    """Serve a bucket, and yield `HOST:PORT`."""
    (folder / BUCKET).mkdir()
    credentials = StaticCredentialResolver({KEY: SECRET})
    application = build_app(Settings(data_dir=folder, region=REGION, credentials=credentials))
    port = free_port()
    config = uvicorn.Config(application, "127.0.0.1", port, log_config=None, loop="asyncio", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + patience(20)
    while not server.started and thread.is_alive():
        assert time.monotonic() < deadline, "the S3 server did not start"
        time.sleep(0.01)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
