"""What a live session has to do with conversations: its groups, orders that reach it, and catching up."""

from __future__ import annotations

import asyncio
from uuid import UUID

from django.conf import settings

from chatsite.identity import profile
from chatsite.identity.users import among
from chatsite.realtime import groups, registry
from chatsite.realtime.database import in_database_thread
from chatsite.realtime.events import Event
from chatsite.realtime.runtime import Runtime
from chatsite.realtime.session import Close, Session
from conversations import access, events, queries, receipts  # noqa: F401  receipts registers its hook
from conversations.access import user_key
from conversations.models import Conversation, Membership


async def open_groups(session: Session) -> None:
    """Every socket of a user hears of all the user's conversations, joined or not."""
    speaks_for, joined = await in_database_thread(access.own_groups, user_key(session.user_id))
    session.state["speaks_for"] = speaks_for
    await asyncio.gather(*(session.subscribe(group) for group in joined))


def begin_membership(session: Session, event: Event) -> None:
    business_id = _business_of(event)
    session.state.setdefault("speaks_for", set()).add(business_id)
    session.runtime.spawn("joining", lambda: session.subscribe(groups.business_members(business_id)))


def end_membership(session: Session, event: Event) -> None:
    """The socket closes; the client comes back with the rights that are left."""
    session.close_soon(Close.ACCESS_CHANGED, "no longer a member of the business")


def begin_contact(session: Session, event: Event) -> None:
    business_id = _business_of(event)
    session.runtime.spawn("joining", lambda: session.subscribe(groups.business_customers(business_id)))


def _business_of(event: Event) -> UUID:
    assert event.note is not None
    return UUID(event.note[0])


async def _check_memberships(runtime: Runtime) -> None:
    """For memberships that began or ended without an order: a row changed by hand, an order lost with Redis, or a
    manage.py command beside an embedded server."""
    sessions = [session for session in runtime.sessions if "speaks_for" in session.state]
    if not sessions:
        return
    users = {user_key(session.user_id) for session in sessions}
    current = await in_database_thread(_memberships_of, users)
    for session in sessions:
        speaks_for, now = session.state["speaks_for"], current.get(session.user_id, set())
        if speaks_for - now:
            session.close_soon(Close.ACCESS_CHANGED, "no longer a member of the business")
            continue
        for business_id in now:
            if groups.business_members(business_id) not in session.groups:
                speaks_for.add(business_id)
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


async def catch_up(runtime: Runtime) -> None:
    """Events may have been lost between the processes: show every joined conversation's present head.

    A client that knows less sees the gap in `rev` and asks with `sync`.
    """
    joined = {key for session in runtime.sessions for key in session.state.get("joined", {})}
    for start in range(0, len(joined), 500):
        part = sorted(joined)[start : start + 500]
        for conversation in await in_database_thread(_load, part):
            for group, event in events.conversation_updated(conversation):
                runtime.hub.deliver_here(group, event)


def _load(conversation_ids: list[UUID]) -> list[Conversation]:
    return list(Conversation.objects.select_related("business", "customer").filter(pk__in=conversation_ids))


registry.opened.append(open_groups)
registry.orders[events.MEMBERSHIP_BEGAN] = begin_membership
registry.orders[events.MEMBERSHIP_ENDED] = end_membership
registry.orders[events.CONTACT_BEGAN] = begin_contact
registry.started.append(watch_memberships)
registry.restored.append(catch_up)
profile.me_sections["businesses"] = lambda user: queries.memberships(user.pk)
