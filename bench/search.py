"""Measure a search among a million messages, by a member of a business that has a tenth of them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg

from bench.history import KeptAlive
from bench.services import Services
from bench.setups import Figures, Plan
from bench.stack import Stack

MESSAGES: Final = 1_000_000
BUSINESSES: Final = 10
CONVERSATIONS: Final = 100  # of each business
EACH: Final = 120  # requests for one kind of query; the first tenth only warms up

# `room` is the business of the member who searches. The words of a message: some that all messages have, and four of
# 20,000, the first of which are many times as frequent as the last.
FILL: Final = """
SET session_replication_role = replica;
INSERT INTO conversations_business (id, name, slug, created_at)
  SELECT lpad(to_hex(i), 32, 'a')::uuid, 'Business ' || i, 'business-' || i, now()
  FROM generate_series(2, {businesses}) i;
INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff, is_active, date_joined)
  SELECT 'stored-' || i, '!', 'Alex', 'Number ' || i, '', false, false, true, now()
  FROM generate_series(1, {conversations}) i;
INSERT INTO conversations_conversation (id, business_id, customer_id, last_seq, rev, last_message, last_message_at,
    active_at, customer_unread, business_unread, customer_archived, business_archived, created_at, updated_at)
  SELECT gen_random_uuid(), b.id, u.id, {each}, {each}, 'The last message', now(), now(), 0, 0, false, false, now(),
    now()
  FROM auth_user u, conversations_business b
  WHERE u.username LIKE 'stored-%' AND (b.slug = 'room' OR b.slug LIKE 'business-%');
INSERT INTO conversations_chatmessage (id, conversation_id, seq, rev, sender_id, sender_side, content, message_type,
    status, delivered_at, read_at, created_at)
  SELECT lpad(to_hex(row_number() OVER ()), 32, '0')::uuid, c.id, s, s, c.customer_id, 'customer',
    'Is the blue bike still available? ' || (SELECT string_agg('w' || (power(random(), 4) * 20000)::int, ' ')
                                             FROM generate_series(1, 4) WHERE s > 0),
    'text', 'read', now(), now(), now() - ({each} - s) * interval '1 minute'
  FROM generate_series(1, {each}) s, conversations_conversation c WHERE c.last_seq > 0;
INSERT INTO conversations_indexedmessage (message_id, business_id, created_at, has_link, tokens)
  SELECT m.id, c.business_id, m.created_at, false, ' ' || lower(replace(m.content, '?', '')) || ' '
  FROM conversations_chatmessage m JOIN conversations_conversation c ON c.id = m.conversation_id
  WHERE c.last_seq > 0 ORDER BY m.created_at;
SET session_replication_role = origin;
"""

QUERIES: Final = {
    "a word of every message": lambda number: "bike",
    "a frequent word": lambda number: f"w{number % 20}",
    "a rare word": lambda number: f"w{15_000 + number * 31 % 5_000}",
    "two words": lambda number: f"bike w{number * 17 % 20_000}",
    "a prefix": lambda number: f"w{100 + number % 100}",
    "a phrase": lambda number: f'"available w{number * 13 % 500}"',
    "a word that is nowhere": lambda number: f"nowhere{number}",
}


def search(services: Services, plan: Plan) -> Figures:
    """Return the milliseconds of each kind of query, for a member and for a customer."""
    messages = min(MESSAGES, max(plan.sizes))
    each = messages // BUSINESSES // CONVERSATIONS
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        Stack("uvicorn", services, Path(folder)) as stack,
    ):
        customer, member, *_ = stack.people(room=2)["room"]["tokens"]
        with psycopg.connect(stack.database, autocommit=True) as database:
            database.execute(FILL.format(businesses=BUSINESSES, conversations=CONVERSATIONS, each=each))
            database.execute("VACUUM ANALYZE")
        figures: Figures = {"messages": messages}
        for who, token in (("member", member), ("customer", customer)):
            with KeptAlive(stack.ports[0], token) as http:
                figures[who] = {name: _times(http, query) for name, query in QUERIES.items()}
    return figures


def _times(http: KeptAlive, query: Any) -> dict[str, float]:
    taken = []
    for number in range(EACH):
        path = f"/chat/search?q={quote(query(number))}"
        began = time.perf_counter()
        http.get(path)
        taken.append((time.perf_counter() - began) * 1000)
    ordered = sorted(taken[EACH // 10 :])
    return {name: round(ordered[int(len(ordered) * at)], 1) for name, at in (("p50", 0.5), ("p95", 0.95))}
