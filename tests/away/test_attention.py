"""Who looks at a conversation, by what open sockets report, has seen the question for a rating there."""

from __future__ import annotations

from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.rest import eventually

ASK = """
from django.utils import timezone
from conversations.models import Episode
now = timezone.now()
Episode.objects.create(conversation_id="{where}", business_id="{business}", last_seq=0, resolved_at=now, asked_at=now)
"""
SEEN = """
from conversations.models import Episode
print("seen", Episode.objects.filter(conversation_id="{where}", seen_at__isnull=False).count())
"""


async def test_who_looks_at_a_conversation_has_seen_its_question(cast: Cast, deployment: Deployment) -> None:
    customer = await cast.newcomer()
    asked = (await cast.conversation(customer))["id"]
    deployment.shell(ASK.format(where=asked, business=cast.business_id))

    async def is_seen() -> bool:
        return "seen 1" in deployment.shell(SEEN.format(where=asked))

    member, hidden = await cast.olivia.live(), await customer.live()
    for socket in (member, hidden):
        await socket.join(asked)
    await member.call("set_attention", {"active": True})
    await hidden.call("set_attention", {"active": False})
    shown = await customer.live()
    await shown.call("set_attention", {"active": True})
    await member.nothing("error", 2.5)  # longer than a process gathers what it is told
    assert not await is_seen()  # a member, a hidden window, and a window that shows something else
    await shown.join(asked)  # after the report
    await eventually(is_seen, "the customer has seen the question")
