"""A page of history as it is read most: by token, the newest messages or those before a `seq`.

One statement finds the reader, the side and the messages. Where it finds none (an outsider, an ended login, an empty
conversation) and where reading would deliver something, Django's way answers; so this says less about access than
`conversations.access` does, and never more: `tests/conversations/test_express.py` holds the two together.
"""

from __future__ import annotations

import functools
from typing import Final
from urllib.parse import parse_qsl

from django.conf import settings
from django.contrib.auth import get_user_model

from chatsite.database.reader import can_read, fetch_rows
from chatsite.http.api import encode, page_object
from chatsite.http.express import Answer, Asked, add_route
from chatsite.identity.claims import read_claims
from chatsite.identity.models import EndedLogin
from chatsite.identity.password_tags import is_current
from conversations import history
from conversations.access import object_key, user_key
from conversations.columns import MESSAGES
from conversations.links import message_links
from conversations.models import ChatMessage, Conversation, Membership, Side

NEWEST: Final = 2**62  # before this: all


async def read_message_page(asked: Asked) -> Answer | None:
    wanted = _wanted(asked.query)
    if wanted is None or not can_read():
        return None
    before, limit = wanted
    claims = read_claims(asked.token, "access")
    user_id, conversation_id = user_key(str(claims.user_id)), object_key(asked.key, "conversation")
    below = NEWEST if before is None else before
    rows = await fetch_rows(_statement(), [user_id, conversation_id, claims.login_id, below, limit + 1])
    if not rows or not is_current(claims.password_tag, get_user_model()(password=rows[0][-1])):
        return None
    side = Side.CUSTOMER if rows[0][-2] else Side.BUSINESS
    found = history.page_before([row[:-2] for row in rows], before=before, limit=limit)
    if history.undelivered(found.messages, side):
        return None
    following, previous = message_links(asked.here, found)
    return Answer(encode(page_object(found.messages, following=following, previous=previous)), str(user_id))


def _wanted(query: str) -> tuple[int | None, int] | None:
    """`before` and `limit`, or None where the query has anything else."""
    before, limit = None, settings.CHAT.page_default
    for name, value in parse_qsl(query, keep_blank_values=True):
        if not (value.isascii() and value.isdigit() and len(value) <= 12):
            return None
        if name == "before":
            before = int(value)
        elif name == "limit" and 1 <= int(value) <= settings.CHAT.page_most:
            limit = int(value)
        else:
            return None
    return before, limit


@functools.cache
def _statement() -> str:
    users = get_user_model()._meta
    columns = ", ".join(MESSAGES.names)
    assert users.pk is not None
    return f"""
        SELECT m.*, r.is_customer, r.password FROM (
          SELECT c.id, c.customer_id = u.id AS is_customer, u.password
          FROM {Conversation._meta.db_table} c
          JOIN (SELECT {users.pk.column} AS id, password FROM {users.db_table}
                WHERE {users.pk.column} = %s AND is_active) u ON true
          WHERE c.id = %s
            AND (c.customer_id = u.id OR EXISTS (
              SELECT FROM {Membership._meta.db_table} s WHERE s.business_id = c.business_id AND s.user_id = u.id))
            AND NOT EXISTS (SELECT FROM {EndedLogin._meta.db_table} e WHERE e.login_id = %s)
        ) r CROSS JOIN LATERAL (
          SELECT {columns} FROM {ChatMessage._meta.db_table}
          WHERE conversation_id = r.id AND seq < %s ORDER BY seq DESC LIMIT %s
        ) m ORDER BY m.seq DESC"""


add_route(r"/chat/conversations/([0-9a-f-]{36})/messages/?", read_message_page)
