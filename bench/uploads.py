"""Measure what uploads cost the server and other people's messages, and how soon a photo is ready."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
from PIL import Image

from bench.load_process import LoadProcess, measure
from bench.services import THE_REST, BenchFailed, Services, pin
from bench.setups import Figures, Plan
from bench.stack import ROOT, Stack

PAIRS: Final = 20
RATE: Final = 200  # messages a second beside the uploads
AT_ONCE: Final = 10
LARGE: Final = 25 * 1024 * 1024 - 1024  # bytes of a file
MEGAPIXELS: Final = (4000, 3000)
PHOTOS: Final = 5
READY_SECONDS: Final = 60


def uploads(services: Services, plan: Plan) -> Figures:
    """Measure messages without and with uploads, the memory of the server, and the time until a photo is ready."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        Stack("uvicorn", services, Path(folder)) as stack,
        LoadProcess() as load,
        _worker(stack),
    ):
        people = stack.people(pairs=PAIRS, room=2)
        load.order("join", protocol="native", ports=stack.ports, pairs=people["pairs"])
        with _client(stack, people["room"]["tokens"][0]) as http:
            _upload(http, _document())  # the first upload loads modules
            figures: Figures = {"quiet": _talk(stack, load, plan)}
            with _uploading(http):
                figures["busy"] = _talk(stack, load, plan)
            figures["memory"] = {str(count): _memory(stack, http, count) for count in (1, AT_ONCE)}
            figures["photo"] = [_ready_seconds(http, _photo(number)) for number in range(PHOTOS)]
    return figures


def _talk(stack: Stack, load: LoadProcess, plan: Plan) -> Figures:
    return measure(stack, load, "talk", warm_up=2, window=0, rate=RATE, seconds=plan.seconds)


# --- Files ------------------------------------------------------------------------------------------------------------


def _document() -> bytes:
    return b"%PDF-1.7\n" + random.Random(7).randbytes(LARGE) + b"\n%%EOF\n"


def _photo(number: int) -> bytes:
    """Return a photo of 12 megapixels with as much detail as one of a camera."""
    noise = Image.effect_noise((MEGAPIXELS[0] // 4, MEGAPIXELS[1] // 4), 60 + number)
    written = io.BytesIO()
    noise.resize(MEGAPIXELS).convert("RGB").save(written, "JPEG", quality=90)
    return written.getvalue()


def _client(stack: Stack, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"http://127.0.0.1:{stack.ports[0]}",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=120,
    )


def _upload(http: httpx.Client, content: bytes) -> None:
    """Upload a document and discard it, so that the disk does not fill."""
    made = http.post("/chat/uploads", files={"file": ("terms.pdf", content)})
    http.delete(f"/chat/uploads/{made.raise_for_status().json()['id']}").raise_for_status()


@contextmanager
def _uploading(http: httpx.Client) -> Iterator[None]:
    """Upload one large file after the other."""
    content, ended = _document(), threading.Event()

    def upload_on() -> None:
        while not ended.is_set():
            _upload(http, content)

    with ThreadPoolExecutor() as threads:
        going = threads.submit(upload_on)
        try:
            yield
        finally:
            ended.set()
        going.result()


def _memory(stack: Stack, http: httpx.Client, count: int) -> int:
    """Return by how many bytes the server grows during `count` uploads at once."""
    content, before = _document(), stack.memory()
    with ThreadPoolExecutor() as threads:
        under_way = [threads.submit(_upload, http, content) for _ in range(count)]
        most = before
        while not all(one.done() for one in under_way):
            most = max(most, stack.memory())
            time.sleep(0.01)
        for one in under_way:
            one.result()
    return most - before


def _ready_seconds(http: httpx.Client, content: bytes) -> float:
    """Return the seconds from the answer of an upload until its thumbnail can be fetched."""
    made = http.post("/chat/uploads", files={"file": ("photo.jpg", content)}).raise_for_status().json()
    address = f"/chat/attachments/{made['id']}/thumbnail"
    return _seconds_until(lambda: http.get(address).status_code == 200)


def _seconds_until(condition: Callable[[], bool]) -> float:
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > READY_SECONDS:
            raise BenchFailed("the worker has not processed a photo")
        time.sleep(0.02)
    return round(time.perf_counter() - began, 2)


@contextmanager
def _worker(stack: Stack) -> Iterator[None]:
    """Run the background jobs, on the core that does not serve."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "chat_worker"],
        cwd=ROOT,
        env=stack.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    pin(process.pid, THE_REST)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
