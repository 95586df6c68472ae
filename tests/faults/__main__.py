"""`python -m tests.faults --seed N --faults 1000` causes random faults under load, and then checks every promise."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import signal
import sys
import tempfile
from pathlib import Path

from tests.faults.run import Scale, run_crowd, run_once
from tests.faults.schedule import KINDS, LARGE, SMALL, make_schedule

PER_SECOND = 4.0  # faults, where no time is given


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="random if not given")
    parser.add_argument("--faults", type=int, default=1000, help="how many")
    parser.add_argument("--minutes", type=float, help="over how long; 4 faults a second if not given")
    parser.add_argument("--kinds", help=f"only these, comma-separated, of: {', '.join(KINDS)}")
    parser.add_argument(
        "--soak", action="store_true", help="no process or service goes down, so that growth shows"
    )
    parser.add_argument("--down", type=float, default=5, help="the first absence of Redis, in seconds")
    parser.add_argument("--customers", type=int, default=8)
    parser.add_argument(
        "--crowd", type=int, help="instead: so many sockets are cut at once and all come back"
    )
    parser.add_argument("--rush", action="store_true", help="the crowd comes back at once, without a pause")
    parser.add_argument("--quiet", action="store_true", help="do not print the schedule")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    logging.basicConfig(level=logging.ERROR)
    # A termination, too, unwinds the run and so stops its services.
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    with tempfile.TemporaryDirectory(prefix="chat-faults-") as folder:
        if given.crowd:
            say(*asyncio.run(run_crowd(Path(folder), given.crowd, rush=given.rush)).lines())
            return 0
        return run_schedule(given, Path(folder))


def run_schedule(given: argparse.Namespace, folder: Path) -> int:
    kinds = given.kinds.split(",") if given.kinds else list(SMALL if given.soak else KINDS)
    seconds = given.minutes * 60 if given.minutes else given.faults / PER_SECOND
    sure = [] if given.soak or given.kinds else sorted(LARGE)
    schedule = make_schedule(given.seed, given.faults, seconds, kinds, sure)
    say(f"seed {given.seed}: {len(schedule)} faults in {seconds:.0f} s")
    if not given.quiet:
        say(*map(str, schedule))
    scale = Scale(customers=given.customers, down=given.down)
    report = asyncio.run(run_once(folder, given.seed, schedule, scale))
    say(f"seed {given.seed}", *report.lines())
    return 1 if report.findings.wrong else 0


def say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
