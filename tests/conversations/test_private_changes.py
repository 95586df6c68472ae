"""A change that one side may see is shown to that side, whatever else the same transaction changes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User

from chatsite.realtime.hub import Addressed
from conversations.models import Business, Conversation, Side
from conversations.writing import conversation_change
from conversations.writing.conversation_change import change_conversations

SHOWN = [[Side.CUSTOMER], [Side.CUSTOMER, None], [None, Side.CUSTOMER], [Side.CUSTOMER, Side.BUSINESS, None]]


@pytest.mark.django_db
@pytest.mark.parametrize("sides", SHOWN, ids=str)
def test_each_side_that_may_see_it_gets_it_once(
    monkeypatch: pytest.MonkeyPatch, sides: Sequence[str | None]
) -> None:
    sent: list[Addressed] = []
    monkeypatch.setattr(conversation_change, "broadcast_on_commit", sent.extend)
    business = Business.objects.create(name="Shop", slug="shop")
    conversation = Conversation.objects.create(business=business, customer=User.objects.create_user("carol"))
    with change_conversations([conversation.pk]) as change:
        for side in sides:
            change.save_for(change.conversations[conversation.pk], side)
    assert len(sent) == len([side for side in sides if side])
