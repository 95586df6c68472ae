"""Everything that the process counts. `docs/operations.md` says what each means; a test holds the two together."""

from __future__ import annotations

from typing import Final

from chatsite.errors import database_failure_observers
from chatsite.observability.metrics.instruments import Counter, Histogram

# Seconds. Fine where a chat lives, coarse where it hurts.
LATENCY: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCH: Final = (1, 2, 5, 10, 25, 50, 100, 200, 400)

# --- Messages ---------------------------------------------------------------------------------------------------------

messages = Counter("chat_messages_committed", "Messages that have been committed.")
repeats = Counter("chat_messages_repeated", "Sends that were answered with the message stored before.")
receipts = Counter("chat_receipts_committed", "Messages that moved to a status.", "status")
ack_seconds = Histogram("chat_ack_seconds", "From taking a live send to its ack, after the commit.", LATENCY)
delivery_seconds = Histogram(
    "chat_delivery_seconds", "From writing a message to handing it to a socket of the other side.", LATENCY
)

# --- The writer -------------------------------------------------------------------------------------------------------

batch_changes = Histogram("chat_writer_batch_changes", "Changes of one transaction of the writer.", BATCH)
commit_seconds = Histogram("chat_writer_commit_seconds", "One transaction of the writer.", LATENCY)
writer_refusals = Counter("chat_writer_refused", "Changes refused because too many were waiting.")
failed_changes = Counter("chat_writer_failed", "Changes that the database did not take.")

# --- Live sessions ----------------------------------------------------------------------------------------------------

sockets_opened = Counter("chat_sockets_opened", "WebSockets that were opened.", "transport")
commands = Counter("chat_commands", "Commands taken from live sessions.", "event")
command_errors = Counter(
    "chat_command_errors", "Error answers to live sessions (`none`: not to a known command).", "event", "code"
)
closes = Counter("chat_sessions_closed_by_server", "Sessions that the server closed.", "code")
rate_limited = Counter("chat_rate_limited", "Frames and requests past a rate.", "limit")

# --- Between the processes --------------------------------------------------------------------------------------------

layer_publishes = Counter(
    "chat_layer_published", "Publishes to the other processes, each of one group's events."
)
layer_pipelines = Counter("chat_layer_pipelines", "Pipelines that carried them.")
layer_drops = Counter("chat_layer_dropped", "Publishes given up while Redis was stalled or away.")
layer_connects = Counter("chat_layer_connects", "Connections of the listener to Redis.")
layer_errors = Counter("chat_layer_errors", "Failures of the channel layer.")
layer_losses = Counter("chat_layer_losses", "Times after which events may have been lost.")
catch_ups = Counter("chat_catch_ups", "Times that clients were shown the heads after a loss.")
conversations_resent = Counter("chat_catch_up_heads", "Conversations shown to clients after a loss.")
events_dropped = Counter(
    "chat_outbox_drops", "Times that a socket was owed too much and was shown heads instead."
)
resyncs = Counter("chat_resyncs", "Conversations answered with `resync`: too much to catch up.")

# --- Logins and REST --------------------------------------------------------------------------------------------------

logins = Counter("chat_logins", "Logins by password and by refresh token.", "kind", "outcome")
http_requests = Counter("chat_http_requests", "HTTP requests.", "method", "route", "status")
http_seconds = Histogram("chat_http_seconds", "From the request to the end of its answer.", LATENCY)

# --- The process ------------------------------------------------------------------------------------------------------

database_failures = Counter("chat_database_failures", "Operations that could not reach the database.")
loop_lag = Histogram("chat_loop_lag_seconds", "How late the event loop came to a timer.", LATENCY)

database_failure_observers.append(database_failures.add)
