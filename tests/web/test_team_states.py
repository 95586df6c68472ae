"""The team's states of a list that failed to load, or that were missed, are fetched again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from tests.client_js.node import find_node, node_environment

MODULE: Final = Path(__file__).parents[2] / "chatsite/web/static/web/team/team_states.js"

# A client with one request at a time: `answer` ends it, and `asked` are the ids of all requests.
SCENE: Final = """
    const listeners = {};
    const asked = [];
    let answer;
    const get = (path, { ids }) => {
        asked.push(ids);
        return new Promise((resolve, reject) => (answer = { resolve, reject }));
    };
    const client = { on: (name, listener) => (listeners[name] = listener), rest: { get } };
    const ready = () => listeners.ready();
    const timers = [];
    globalThis.setTimeout = (callback) => timers.push(callback);
    const settle = async () => {
        for (const callback of timers.splice(0)) callback();
        for (let turn = 0; turn < 10; turn += 1) await null;
    };
    const conversation = { id: "a", businessId: "b", teamRev: 3 };
    const states = new TeamStates(client, [{ id: "b" }]);
    const look = () => states.of(conversation)?.status ?? null;
"""


def run(script: str) -> Any:
    """Run the script, and return the argument of its `tell`."""
    whole = f"""
        const {{ TeamStates }} = await import({json.dumps(str(MODULE))});
        const tell = (value) => console.log(JSON.stringify(value));
        {SCENE}
        {script}
    """
    command = [find_node(), "--input-type=module", "--eval", whole]
    done = subprocess.run(command, env=node_environment(), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_state_that_failed_to_load_comes_with_the_next_connection() -> None:
    asked, shown = run("""
        look();
        await settle();
        answer.reject(new Error("unreachable"));
        await settle();
        look(); // the list is drawn again, and asks nothing while there is no server
        await settle();
        ready();
        await settle();
        answer.resolve({ results: [{ conversationId: "a", teamRev: 3, status: "pending" }] });
        await settle();
        tell([asked, look()]);
    """)
    assert asked == ["a", "a"]
    assert shown == "pending"


def test_a_connection_while_a_state_is_being_loaded_asks_nothing_twice() -> None:
    asked = run("""
        look();
        await settle();
        ready();
        await settle();
        answer.resolve({ results: [{ conversationId: "a", teamRev: 3, status: "open" }] });
        await settle();
        look();
        tell(asked);
    """)
    assert asked == ["a"]


def test_a_heartbeat_shows_a_lost_state_and_repeats_a_failed_request() -> None:
    asked, shown = run("""
        listeners.team_state_updated({ conversationId: "a", teamRev: 3, status: "open" });
        const beat = (teamRev) => listeners.team_rev({ conversationId: "a", teamRev });
        beat(3);
        beat(4);
        await settle();
        answer.reject(new Error("timeout"));
        await settle();
        beat(4);
        await settle();
        answer.resolve({ results: [{ conversationId: "a", teamRev: 4, status: "resolved" }] });
        await settle();
        tell([asked, look()]);
    """)
    assert asked == ["a", "a"]
    assert shown == "resolved"


def test_a_clock_that_was_set_back_does_not_keep_old_states() -> None:
    asked = run("""
        listeners.team_state_updated({ conversationId: "a", teamRev: 3, status: "open" });
        const { now } = Date;
        Date.now = () => now() - 86_400_000;
        ready();
        await settle();
        tell(asked);
    """)
    assert asked == ["a"]
