"""A receiver on Node verifies what is sent."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.client_js.node import find_node, install_packages, node_environment
from tests.harness.patience import patience
from tests.webhooks.conftest import Shop, run_jobs
from tests.webhooks.receiver import Receiver

HERE = Path(__file__).parent


def test_the_library_of_npm_verifies_a_request(shop: Shop, receiver: Receiver) -> None:
    node = find_node()
    install_packages(HERE)
    made = shop.add_webhook(receiver.url, "message.created")
    shop.say("grüße, 世界 👋")
    run_jobs()
    [received] = receiver.requests
    request = {"secret": made["secret"], "body": received.body.decode(), "headers": received.headers}
    run = subprocess.run(
        [node, "verify.mjs"],
        cwd=HERE,
        env=node_environment(),
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=patience(30),
    )
    assert run.stdout.split() == ["message.created", "WebhookVerificationError"], run.stderr
