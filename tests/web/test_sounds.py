"""The page makes no sound in a person's quiet hours, by the clock of their time zone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.client_js.node import find_node, node_environment

pytestmark = pytest.mark.standalone

MODULE: Final = Path(__file__).parents[2] / "chatsite/web/static/web/sounds.js"
NIGHT: Final = {"from": "22:00", "to": "07:00", "timezone": "UTC"}
NOON: Final = {"from": "12:00", "to": "13:00", "timezone": "Europe/Berlin"}
CASES: Final[list[tuple[dict[str, str] | None, str, bool]]] = [
    (None, "2026-11-30T03:00:00Z", False),
    (NIGHT, "2026-11-30T21:59:00Z", False),
    (NIGHT, "2026-11-30T22:00:00Z", True),
    (NIGHT, "2026-11-30T06:59:00Z", True),
    (NIGHT, "2026-11-30T07:00:00Z", False),
    (NOON, "2026-11-30T11:30:00Z", True),
    (NOON, "2026-11-30T12:30:00Z", False),
    ({**NIGHT, "timezone": "Nowhere/Else"}, "2026-11-30T23:00:00Z", True),  # the browser's own clock
]


def test_quiet_hours() -> None:
    script = f"""
        import {{ isWithin }} from {json.dumps(str(MODULE))};
        const cases = {json.dumps(CASES)};
        console.log(JSON.stringify(cases.map(([hours, moment]) => isWithin(hours, new Date(moment)))));
    """
    command = [find_node(), "--input-type=module", "--eval", script]
    environment: dict[str, Any] = {**node_environment(), "TZ": "UTC"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [quiet for *_, quiet in CASES]
