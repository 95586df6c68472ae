"""People chat on the new system while the import runs in another process."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from tests.harness.patience import patience
from tests.harness.processes import ROOT
from tests.legacy.site import COUNT, Site

# Sends until the import has ended, and then prints how many messages it sent during the import.
CHAT: Final = """
import random
from conversations import operations
from conversations.models import Conversation
from conversations.requests import SendBody
from chatsite.legacy_import.models import LegacyImport
sent = 0
while not LegacyImport.objects.filter(finished_at__isnull=False).exists():
    for head in Conversation.objects.order_by("-updated_at")[:3]:
        body = SendBody(content=f"live {sent}")
        operations.send_message(sender_id=head.customer_id, conversation_id=head.pk, body=body)
        operations.mark_read(user_id=head.customer_id, conversation_id=head.pk)
        sent += 1
print("sent", sent)
"""


def test_live_messages_and_the_import_do_not_disturb_each_other(site: Site) -> None:
    importing = subprocess.Popen(
        [sys.executable, "manage.py", *site.command()],
        cwd=ROOT,
        env=site.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    (sent,) = site.shell(CHAT)
    _, errors = importing.communicate(timeout=patience(60))
    assert importing.returncode == 0, errors
    messages, notifications = site.fates
    assert sent > 0
    assert site.shell(COUNT.replace("counted = ", f"counted = -{sent} + "))[:2] == [
        messages + sent,
        notifications,
    ]
    assert "The old table and the import agree." in site.finish("--verify")
