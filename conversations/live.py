"""Connect live sessions to conversations: their groups, their control messages, and catching up after an outage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from chatsite.database.pipeline import among
from chatsite.database.threads import in_database_thread
from chatsite.identity import profile
from chatsite.observability.metrics import measures
from chatsite.realtime import groups, registry
from chatsite.realtime.events import Event
from chatsite.realtime.hub import Addressed
from chatsite.realtime.interfaces import Runtime, Session
from chatsite.realtime.transport import Close
from conversations import access, events, queries, receipts
from conversations.access import user_key
from conversations.events import BusinessChange
from conversations.models import Conversation, Membership
from conversations.session_state import NO_BUSINESS, state_of
from conversations.writing import unread_marks
from conversations.writing.group_commit import writer_of

# An event may be dropped so long after the change that it tells of.
DROPPED_EARLIER: Final = timedelta(seconds=60)


async def open_groups(session: Session) -> None:
    """Subscribe the socket to the groups of the user's conversations, joined or not."""
    state = state_of(session)
    # First to the control messages, so that no change after the query is missed.
    await session.subscribe(groups.user(session.user_id))
    while True:
        before = state.blocks_changed
        businesses, own = await session.runtime.ask(access.own_groups, user_key(session.user_id))
        if state.blocks_changed == before:
            break
    state.businesses = (state.businesses | businesses) or NO_BUSINESS
    state.is_open = True
    await asyncio.gather(*(session.subscribe(group) for group in own))


def add_business(session: Session, business_id: UUID) -> None:
    """Remember that the user is a member of the business. The end of the membership then closes the socket."""
    state_of(session).businesses |= {business_id}


def begin_membership(session: Session, event: Event) -> None:
    business_id = event.data_as(BusinessChange).business_id
    add_business(session, business_id)
    session.runtime.spawn("joining", lambda: session.subscribe(groups.business_members(business_id)))


def end_membership(session: Session, event: Event) -> None:
    """Close the socket. The client reconnects with the remaining rights."""
    session.close_soon(Close.ACCESS_CHANGED, "no longer a member of the business")


def begin_contact(session: Session, event: Event) -> None:
    business_id = event.data_as(BusinessChange).business_id
    session.runtime.spawn("joining", lambda: session.subscribe(groups.business_customers(business_id)))


async def _check_memberships(runtime: Runtime) -> None:
    """Find memberships that began or ended without a control message.

    This happens if a row was changed by hand, if Redis lost the message, or if a manage.py command ran alongside an
    embedded server.
    """
    # Read this before the query: a membership that begins in the meantime must not look like one that ended.
    held = {one: state_of(one).businesses for one in runtime.sessions if state_of(one).is_open}
    if not held:
        return
    users = {user_key(session.user_id) for session in held}
    current = await in_database_thread(_memberships_of, users)
    for session, businesses in held.items():
        now = current.get(session.user_id, set())
        if businesses - now:
            session.close_soon(Close.ACCESS_CHANGED, "no longer a member of the business")
            continue
        for business_id in now:
            if groups.business_members(business_id) not in session.groups:
                add_business(session, business_id)
                await session.subscribe(groups.business_members(business_id))


def _memberships_of(users: set[access.UserId]) -> dict[str, set[UUID]]:
    found: dict[str, set[UUID]] = {}
    rows = Membership.objects.filter(user_id__in=among(Membership._meta.get_field("user"), users))
    for user_id, business_id in rows.values_list("user_id", "business_id"):
        found.setdefault(str(user_id), set()).add(business_id)
    return found


def watch_memberships(runtime: Runtime) -> None:
    runtime.spawn_forever(
        "checking memberships", settings.CHAT.revalidate_seconds, lambda: _check_memberships(runtime)
    )


async def catch_up(runtime: Runtime, since: datetime) -> None:
    """Send the current state of conversations after an outage, because events between processes may be lost.

    Covers the conversations that local sessions have joined, and those of local users that have changed since.
    """
    await _resend_conversations(runtime.sessions, since, runtime.hub.deliver_here)


async def catch_up_session(session: Session, since: datetime) -> None:
    """Send the current state of its conversations to a session whose socket could not take all its events."""

    def deliver(group: str, event: Event) -> None:
        if group in session.groups:
            session.deliver(event)

    await _resend_conversations([session], since - DROPPED_EARLIER, deliver)


async def _resend_conversations(
    sessions: Iterable[Session], since: datetime, deliver: Callable[[str, Event], None]
) -> None:
    """Send each conversation again. A client that missed an event sees the gap in `rev` and calls `sync`."""
    sessions = list(sessions)
    shown = {key for session in sessions for key in state_of(session).joined}
    shown |= await in_database_thread(
        _changed_since,
        since,
        {user_key(session.user_id) for session in sessions},
        {key for session in sessions for key in state_of(session).businesses},
    )
    measures.conversations_resent.add(len(shown))
    for start in range(0, len(shown), 500):
        part = sorted(shown)[start : start + 500]
        for group, event in await in_database_thread(_updates_of, part):
            deliver(group, event)


def _changed_since(moment: datetime, customers: set[access.UserId], businesses: set[UUID]) -> set[UUID]:
    concerned = Q(customer_id__in=among(Conversation._meta.get_field("customer"), customers)) | Q(
        business_id__in=among(Conversation._meta.get_field("business"), businesses)
    )
    columns = ("updated_at", "customer_updated_at", "business_updated_at")
    changed = Q(*((f"{column}__gte", moment) for column in columns), _connector=Q.OR)
    return set(Conversation.objects.filter(concerned, changed).values_list("pk", flat=True))


async def finish_writing(runtime: Runtime) -> None:
    """Before the process stops, commit and answer accepted writes, and mark messages sent to sockets as delivered."""
    await writer_of(runtime).drain()
    receipts.flush(runtime)
    await writer_of(runtime).drain()


def _updates_of(conversation_ids: list[UUID]) -> list[Addressed]:
    found = Conversation.objects.select_related("business", "customer").filter(pk__in=conversation_ids)
    return unread_marks.updates_of(list(found))


registry.opened.append(open_groups)
registry.control_handlers[events.MEMBERSHIP_BEGAN] = begin_membership
registry.control_handlers[events.MEMBERSHIP_ENDED] = end_membership
registry.control_handlers[events.CONTACT_BEGAN] = begin_contact
registry.started.append(watch_memberships)
registry.restored.append(catch_up)
registry.caught_up.append(catch_up_session)
registry.recoverable.update({"conversation_updated", "user_typing"})
registry.stopping.append(finish_writing)
profile.me_sections["businesses"] = profile.Section(
    list[queries.MembershipObject], lambda user: queries.memberships(user.pk)
)
