"""The queues of background jobs. A worker has separate threads for each queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DEFAULT_QUEUE: Final = "default"  # short jobs that somebody waits for
HOUSEKEEPING_QUEUE: Final = "housekeeping"  # long jobs that nobody waits for
MEDIA_QUEUE: Final = "media"  # uses much CPU time: images, audio
DELIVERY_QUEUE: Final = "delivery"  # who gets a push or a mail, and the pushes
SLOW_PUSH_QUEUE: Final = "push-slow"  # push services that take seconds to answer
MAIL_QUEUE: Final = "mail"  # about unread messages, and for ratings
# For somebody who waits: new passwords, confirmations, invitations.
ACCOUNT_MAIL_QUEUE: Final = "account-mail"
WEBHOOK_QUEUE: Final = "webhooks"
SLOW_WEBHOOK_QUEUE: Final = "webhooks-slow"  # endpoints that take seconds to answer

# The threads of a worker for each queue. With its main thread they fit into the default DATABASE_POOL_SIZE.
THREADS: Final[Mapping[str, int]] = {
    DEFAULT_QUEUE: 1,
    HOUSEKEEPING_QUEUE: 1,
    MEDIA_QUEUE: 1,
    DELIVERY_QUEUE: 2,
    SLOW_PUSH_QUEUE: 1,
    MAIL_QUEUE: 1,
    ACCOUNT_MAIL_QUEUE: 1,
    WEBHOOK_QUEUE: 4,
    SLOW_WEBHOOK_QUEUE: 3,
}
QUEUES: Final = tuple(THREADS)
