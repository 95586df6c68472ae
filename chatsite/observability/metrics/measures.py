"""Every counter and histogram of the process. A test compares them with the table in `docs/operations.md`."""

from __future__ import annotations

from typing import Final

from chatsite.errors import database_failure_observers
from chatsite.observability.metrics.instruments import Counter, Histogram

# Seconds: small steps for the usual latencies of a chat, large steps above them.
LATENCY: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCH: Final = (1, 2, 5, 10, 25, 50, 100, 200, 400)

# --- Messages ---------------------------------------------------------------------------------------------------------

messages = Counter("chat_messages_committed", "Messages stored.")
repeats = Counter(
    "chat_messages_repeated", "Repeated sends, answered with the message that was stored before."
)
receipts = Counter("chat_receipts_committed", "Messages that became delivered or read.", "status")
ack_seconds = Histogram("chat_ack_seconds", "Time of a live send from its arrival to its ack.", LATENCY)
delivery_seconds = Histogram(
    "chat_delivery_seconds",
    "Time from writing a message to handing it to a socket of the other side.",
    LATENCY,
)

# --- The writer -------------------------------------------------------------------------------------------------------

batch_changes = Histogram("chat_writer_batch_changes", "Changes in one transaction of the writer.", BATCH)
commit_seconds = Histogram("chat_writer_commit_seconds", "Time of one transaction of the writer.", LATENCY)
writer_refusals = Counter("chat_writer_refused", "Changes refused because the queue was full.")
failed_changes = Counter("chat_writer_failed", "Changes that the database refused.")

# --- Live sessions ----------------------------------------------------------------------------------------------------

sockets_opened = Counter("chat_sockets_opened", "WebSockets opened.", "transport")
commands = Counter("chat_commands", "Commands of live sessions.", "event")
command_errors = Counter(
    "chat_command_errors", "Commands answered with an error (`none`: an unknown command).", "event", "code"
)
closes = Counter("chat_sessions_closed_by_server", "Sessions that the server closed.", "code")
rate_limited = Counter("chat_rate_limited", "Frames and requests refused by a rate limit.", "limit")

# --- Between the processes --------------------------------------------------------------------------------------------

layer_publishes = Counter(
    "chat_layer_published", "Publishes to other processes. Each has the events of one group."
)
layer_pipelines = Counter("chat_layer_pipelines", "Pipelines that carried the publishes.")
layer_drops = Counter("chat_layer_dropped", "Publishes dropped while Redis did not answer.")
layer_connects = Counter("chat_layer_connects", "Connections of the listener to Redis.")
layer_errors = Counter("chat_layer_errors", "Failures of the channel layer.")
layer_losses = Counter("chat_layer_losses", "Incidents in which events may have been lost.")
catch_ups = Counter("chat_catch_ups", "Times that clients got the state of their conversations after a loss.")
conversations_resent = Counter("chat_catch_up_heads", "Conversations whose state clients got after a loss.")
events_dropped = Counter(
    "chat_outbox_drops",
    "Times that a full outbox dropped events. The client gets the state of its conversations.",
)
resyncs = Counter(
    "chat_resyncs", "Conversations answered with `resync`, because too many changes were missed."
)

# --- Logins and REST --------------------------------------------------------------------------------------------------

logins = Counter("chat_logins", "Logins by password and by refresh token.", "kind", "outcome")
http_requests = Counter("chat_http_requests", "HTTP requests.", "method", "route", "status")
http_seconds = Histogram("chat_http_seconds", "Time from the request to the end of its answer.", LATENCY)

# --- The process ------------------------------------------------------------------------------------------------------

database_failures = Counter(
    "chat_database_failures", "Operations that failed because the database could not be reached."
)
loop_lag = Histogram("chat_loop_lag_seconds", "How late a timer of the event loop was.", LATENCY)

database_failure_observers.append(database_failures.add)
