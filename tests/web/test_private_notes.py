"""A note whose event was lost is fetched as soon as something shows the latest `teamRev`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.client_js.node import find_node, node_environment

TEAM: Final = Path(__file__).parents[2] / "chatsite/web/static/web/team"

# The page has the notes up to `teamRev` 5. The server is at 6, which is a note.
SCENE: Final = """
    globalThis.gettext = (text) => text;
    globalThis.document = { documentElement: { lang: "en" } };
    const { PrivateNotes } = await import(MODULE);
    const listeners = {};
    const on = (name, listener) => (listeners[name] = listener);
    const note = (teamRev) => ({ id: `n${teamRev}`, teamRev, authorId: "9", createdAt: "2026-01-02T03:04:05Z" });
    const answered = { team: { c: { state: { teamRev: 6 }, notes: [note(6)] } } };
    const synced = [];
    let answer = {};
    const request = async (event, data) => (synced.push(data.team.c), answer);
    const client = { on, request, rest: {} };
    const handlers = { changed() {}, arrived() {} };
    const notes = new PrivateNotes(client, "c", { id: "1" }, handlers, { teamRev: 5, notes: [] });
    const settle = () => new Promise((resolve) => setTimeout(resolve));
    await settle();
    synced.length = 0;
    answer = answered;
    const hear = (name, data) => (listeners[name]({ conversationId: "c", ...data }), settle());
"""


def run(script: str) -> Any:
    """Run the script, and return the argument of its `tell`."""
    scene = SCENE.replace("MODULE", json.dumps(str(TEAM / "private_notes.js")))
    whole = f"const tell = (value) => console.log(JSON.stringify(value)); {scene} {script}"
    command = [find_node(), "--input-type=module", "--eval", whole]
    done = subprocess.run(command, env=node_environment(), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "shown",
    [
        'hear("team_state_updated", { teamRev: 6, status: "open", repeated: true })',
        'hear("team_rev", { teamRev: 6 })',
    ],
)
def test_one_lost_note_is_fetched(shown: str) -> None:
    synced, ids = run(f"""
        await {shown};
        await {shown};
        await hear("note_added", {{ teamRev: 7, note: note(7) }});
        tell([synced, notes.all.map(({{ id }}) => id)]);
    """)
    assert synced == [5]
    assert ids == ["n6", "n7"]


def test_changes_in_order_cause_no_request() -> None:
    synced = run("""
        await hear("team_state_updated", { teamRev: 6, status: "open" });
        await hear("note_added", { teamRev: 7, note: note(7) });
        await hear("team_rev", { teamRev: 7 });
        tell(synced);
    """)
    assert synced == []
