"""Record an episode when its conversation is resolved, and measure it afterwards."""

from __future__ import annotations

from dataclasses import asdict

from django.utils import timezone

from chatsite.background.jobs import enqueue, job
from conversations.models import ChatMessage, Conversation, ConversationLabel, Episode, TeamState
from conversations.team.change import status_changed
from conversations.team.hours.operations import schedule_of
from conversations.team.hours.replies import COLUMNS, Line
from conversations.team.reports.csat import ask_for_rating
from conversations.team.reports.measuring import measure
from conversations.writing.imports import imported_messages, shortened


def record_episode(conversation: Conversation, state: TeamState) -> None:
    """Write the episode that ends now, in the transaction that resolves the conversation."""
    if state.status != TeamState.Status.RESOLVED:
        return
    labels = ConversationLabel.objects.filter(state_id=state.pk).order_by("label_id")
    episode = Episode(
        conversation_id=conversation.pk,
        business_id=conversation.business_id,
        last_seq=conversation.last_seq,
        resolved_at=timezone.now(),
        agent_id=state.assignee_id,
        group_id=state.group_id,
        label_ids=[str(key) for key in labels.values_list("label_id", flat=True)],
    )
    # Nothing was said since the earlier `resolved`: the row exists.
    Episode.objects.bulk_create([episode], ignore_conflicts=True)
    enqueue(measure_episode, str(conversation.pk), conversation.last_seq)


@job()
def measure_episode(conversation_id: str, last_seq: int) -> None:
    """Measure the episode, and ask for a rating. A second run does what a first one has left."""
    episode = Episode.objects.filter(conversation_id=conversation_id, last_seq=last_seq).first()
    if episode is None:
        return
    if episode.measured_at is None and not _measure(episode):
        episode.delete()  # the customer has not written here
        return
    ask_for_rating(episode.pk)


def _measure(episode: Episode) -> bool:
    """Fill the columns from the messages since the earlier episode. Return False if the customer wrote none.

    Imported messages do not count. They may be years old, and the old system has resolved what they ask.
    """
    of_conversation = Episode.objects.filter(conversation_id=episode.conversation_id)
    earlier = of_conversation.filter(last_seq__lt=episode.last_seq).order_by("-last_seq")
    after = earlier.values_list("last_seq", flat=True).first() or 0
    rows = ChatMessage.objects.filter(
        conversation_id=episode.conversation_id, seq__gt=after, seq__lte=episode.last_seq
    )
    imported = imported_messages(episode.conversation_id)
    columns = rows.order_by("seq").values_list("pk", *COLUMNS).iterator(chunk_size=1000)
    lines = [Line(*row) for key, *row in columns if key not in imported]
    found = measure(lines, episode.resolved_at, schedule_of(episode.business_id))
    if found is None:
        return False
    measures, answered_by = found
    values = {**asdict(measures), "measured_at": timezone.now()}
    if episode.agent_id is None:
        values["agent_id"] = answered_by
    Episode.objects.filter(pk=episode.pk, measured_at=None).update(**values)
    return True


def shorten_episodes(conversation: Conversation) -> None:
    """Correct the episodes that end after `last_seq`, because their last messages were removed."""
    episodes = Episode.objects.filter(conversation=conversation)
    beyond = list(episodes.filter(last_seq__gt=conversation.last_seq).order_by("last_seq"))
    if not beyond:
        return
    first = beyond[0]
    episodes.filter(pk__in=[episode.pk for episode in beyond[1:]]).delete()
    if episodes.filter(last_seq=conversation.last_seq).exists():
        first.delete()  # all of its messages are gone
        return
    episodes.filter(pk=first.pk).update(last_seq=conversation.last_seq, measured_at=None)
    first.refresh_from_db()
    if not _measure(first):
        first.delete()


status_changed.append(record_episode)
shortened.append(shorten_episodes)
