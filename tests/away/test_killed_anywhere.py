"""`kill -9` of the worker at any of its steps: nothing comes twice, and nothing is lost without a record.

Only between the claim of a notice and its sending can a notice be lost: then it is `unknown`.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.away.post_office import MailServer, PushService
from tests.harness.backend import Deployment

pytestmark = pytest.mark.fault

PROGRAM = (
    "from tests.away.mortal_worker import kill_at_every_step; print(*kill_at_every_step(**{}), sep=chr(10))"
)


@pytest.fixture
def push_service(tmp_path: Path) -> Iterator[PushService]:
    service = PushService(tmp_path)
    yield service
    service.close()


def test_nothing_comes_twice_wherever_the_worker_is_killed(
    services: Deployment, mail_server_process: MailServer, push_service: PushService
) -> None:
    services.stop_worker()
    mail_server_process.empty()
    name = f"mortal-{secrets.token_hex(4)}"
    browser = push_service.browser("")
    given = {
        "name": name,
        "mail_port": mail_server_process.port,
        "endpoint": browser.endpoint,
        "keys": browser.subscription["keys"],
        "certificate": str(push_service.certificate),
    }
    lines = services.shell(PROGRAM.format(given)).splitlines()
    pushes = Counter(path.removeprefix("/") for path, _, _ in push_service.requests)
    mails = Counter(
        mail["To"].removeprefix(f"{name}-").partition("@")[0] for mail in mail_server_process.mails
    )
    kinds = Counter(line.split()[1] for line in lines)
    assert (kinds["push"], kinds["mail"], kinds["end"]) == (1, 1, 1)
    assert kinds["statement"] > 30
    for number, kind, *states in map(str.split, lines):
        arrived = [mails[number], pushes[number]]
        assert arrived == [kind != "mail", kind != "push"], f"killed before {kind} {number}: {states}"
        assert [state.partition("-")[0] for state in states] == ["email", "push"]
        for count, state in zip(arrived, states, strict=True):
            assert state.endswith(("-sent", "-unknown") if count else "-unknown"), (
                f"{kind} {number}: {states}"
            )
