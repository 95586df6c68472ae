"""A pytest plugin that decides how many processes run the tests, which process runs which file, and in which order.

The tests of a file stay together because they share its servers. Files that share a deployment also stay together,
because starting one takes longer than most of its tests. The longest files run first, so that no process works on one
of them after all others have finished.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

TESTS: Final = Path(__file__).parent

# Tests mostly wait.
PROCESSES_PER_CORE: Final = 2
MOST_PROCESSES: Final = 16  # each starts servers and a browser of its own

# Tests of these files kill, stop or cut off servers and services. `make test-fast` leaves them out.
FAULTS: Final = ("faults/*", "*/test_killed*.py", "*/test_*_outage.py", "*/test_cut_off.py")

# Files that mostly wait are placed between files that mostly compute, so that both use the processor well.
LONGEST_FIRST: Final = (
    "faults/test_random_faults.py",
    "attack/test_fuzzed_api.py",
    "attack/test_chunked_bodies.py",
    "embedding/test_commands.py",
    "browser/test_accessibility.py",
    "browser/test_exchange_of_files.py",
    "presence/test_killed_process.py",
    "client_js/test_live.py",
    "presence/test_store.py",
    "faults/test_graceful_stop.py",
    "browser/test_thread_history.py",
    "presence/test_redis_outage.py",
    "browser/test_long_inbox.py",
    "socketio/test_limits.py",
    "browser/test_connection.py",
    "conversations/test_postgres_outage.py",
    "socketio/test_browser_client.py",
    "legacy/test_killed.py",
    "presence/test_cut_off.py",
    "client_js/test_browser.py",
    "realtime/test_ended_sessions.py",
    "browser/test_inbox.py",
    "conversations/test_typing.py",
    "conversations/test_history_access.py",
    "presence/test_devices.py",
    "legacy/test_side_by_side.py",
    "socketio/test_closing.py",
    "operate/test_doctor.py",
    "presence/test_live.py",
    "faults/test_failover.py",
    "browser/test_thread_offline.py",
    "socketio/test_commands.py",
    "browser/test_widget.py",
    "settings/test_environment.py",
    "attack/test_production_settings.py",
    "conversations/test_migrations.py",
    "moderation/test_live.py",
    "parity/test_killed_process.py",
    "client_python/test_killed_process.py",
)

# The files of each deployment, by the name of its fixture.
SHARED_DEPLOYMENTS: Final = {
    "siege": (
        "attack/test_bodies.py",
        "attack/test_chunked_bodies.py",
        "attack/test_error_answers.py",
        "attack/test_fuzzed_api.py",
        "attack/test_fuzzed_commands.py",
        "attack/test_hostile_frames.py",
        "attack/test_logs.py",
        "attack/test_origins.py",
        "attack/test_shared_limit.py",
        "attack/test_strangers.py",
        "attack/test_tokens.py",
        "attack/test_withdrawn_rights.py",
    ),
    "observed": (
        "operate/test_access_log.py",
        "operate/test_asyncapi.py",
        "operate/test_doctor_behind_a_proxy.py",
        "operate/test_metrics.py",
        "operate/test_metrics_access.py",
    ),
    "fragile": (
        "conversations/test_killed_process.py",
        "conversations/test_postgres_outage.py",
        "conversations/test_redis_outage.py",
    ),
    "shop": (
        "embedding/test_commands.py",
        "embedding/test_people.py",
        "embedding/test_settings.py",
        "embedding/test_talk.py",
        "embedding/test_wheel.py",
    ),
    # Two halves: one process alone would finish last.
    "socketio_site": (
        "socketio/test_closing.py",
        "socketio/test_commands.py",
        "socketio/test_connecting.py",
        "socketio/test_origins.py",
    ),
    "socketio_site_too": (
        "socketio/test_browser_client.py",
        "socketio/test_limits.py",
    ),
    "stopping": (
        "faults/test_full_disk.py",
        "faults/test_graceful_stop.py",
        "faults/test_mass_reconnect.py",
        "faults/test_slow_readers.py",
    ),
}
GROUP: Final = {f"tests/{file}": group for group, files in SHARED_DEPLOYMENTS.items() for file in files}


class Schedule(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return GROUP.get(file, file)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: runs Chromium; added to every test that uses the fixture")
    config.addinivalue_line("markers", "whole_browser: needs a Chromium with notifications and a microphone")
    config.addinivalue_line("markers", "fault: breaks servers or services; added by `tests/schedule.py`")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return min(PROCESSES_PER_CORE * (os.cpu_count() or 1), MOST_PROCESSES)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    return Schedule(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if any(item.path.relative_to(TESTS).match(pattern) for pattern in FAULTS):
            item.add_marker("fault")
    items.sort(key=_position)


def _position(item: pytest.Item) -> int:
    file = item.path.relative_to(TESTS).as_posix()
    return LONGEST_FIRST.index(file) if file in LONGEST_FIRST else len(LONGEST_FIRST)
