"""Set the team's side of many conversations with one request, such as for a selection in the list."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import DatabaseError, InterfaceError

from chatsite.errors import DomainError, as_domain_error, invalid
from chatsite.realtime.user_limit import charge
from conversations.access import UserId
from conversations.team.operations import change_team_state
from conversations.team.requests import MOST_CHANGES, TeamCommand
from conversations.team.serializers import BulkResult

logger = logging.getLogger(__name__)


def set_team_states(*, user_id: UserId, changes: Sequence[TeamCommand]) -> list[BulkResult]:
    """Make the changes one by one, each in its own transaction. A refused one does not stop the others.

    If the process ends in between, a repetition makes the rest: what is done already changes nothing.
    """
    if not changes:
        raise invalid("List at least one change.", field="changes")
    if len(changes) > MOST_CHANGES:
        limit = {"field": "changes", "limit": MOST_CHANGES}
        raise DomainError("too_large", f"List at most {MOST_CHANGES} changes.", limit)
    charge(str(user_id), len(changes) - 1)  # the request itself has cost one
    return [_set(user_id, change) for change in changes]


def _set(user_id: UserId, change: TeamCommand) -> BulkResult:
    key = change.conversation_id
    try:
        before, after = change_team_state(user_id=user_id, conversation_id=key, body=change)
    except DomainError as error:
        return BulkResult(conversation_id=key, error=error.as_dict())
    except (DatabaseError, InterfaceError) as error:  # the answer names what was changed before
        logger.exception("a change of a bulk request failed")
        return BulkResult(conversation_id=key, error=as_domain_error(error).as_dict())
    return BulkResult(conversation_id=key, before=before, state=after)
