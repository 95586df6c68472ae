"""A short run of `python -m tests.faults` with some of everything, and a check of every promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.run import Scale, run_once
from tests.faults.schedule import SMALL, make_schedule
from tests.harness.backend import base_environment
from tests.harness.processes import ROOT
from tests.harness.services import PostgreSQL

SEED = 7
FAULTS = 24
SECONDS = 9.0
SURE = [
    "process_killed",
    "process_terminated",
    "redis_emptied",
    "postgres_down",
    "clients_all_cut",
    "disk_full",
    "postgres_read_only",
    "burst",
]


async def test_every_promise_is_kept(tmp_path: Path, postgres: PostgreSQL) -> None:
    """The test uses `postgres` only to run in the pass with services. It breaks its own server."""
    schedule = make_schedule(SEED, FAULTS, SECONDS, SMALL, SURE)
    report = await run_once(tmp_path, SEED, schedule, Scale(customers=4, pause=0.15, down=2))
    assert not report.findings.wrong, "\n".join([f"seed {SEED}", *map(str, schedule), *report.lines()])
    assert report.faults.total() == len(schedule) + 1
    assert len(report.log.acked) == len(report.log.intended) > 100


def test_a_seed_always_gives_the_same_schedule() -> None:
    first, again, other = (make_schedule(seed, 200, 60, sure=["rolling_restart"]) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 200
    assert "rolling_restart" in {fault.kind for fault in first}


def test_the_command_finds_all_it_imports() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--help"],
        cwd=ROOT,
        env={**base_environment(), "PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
