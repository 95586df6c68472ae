"""Resource limits of a decoding process. It sets them before it reads the file."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

MEMORY: Final = 2 * 1024**3  # bytes of addresses; a picture of 100 megapixels takes 400 MB for each copy
CPU_SECONDS: Final = 60
FILE_BYTES: Final = 512 * 1024**2  # of each file that it writes
OPEN_FILES: Final = 64


class Unreadable(Exception):
    """The file cannot be used. The text is shown to its sender."""


def run_decoder(commands: Mapping[str, Callable[..., dict[str, Any]]]) -> None:
    """Run the command of the arguments, and print what it returns as JSON."""
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    name, *arguments = sys.argv[1:]
    try:
        answer = commands[name](*arguments)
    except Unreadable as error:
        answer = {"unreadable": str(error)}
    sys.stdout.write(json.dumps(answer))
