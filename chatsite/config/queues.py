"""The queues of background jobs. A worker has separate threads for each queue."""

from __future__ import annotations

from typing import Final

DEFAULT_QUEUE: Final = "default"
MEDIA_QUEUE: Final = "media"  # uses much CPU time: images, audio
DELIVERY_QUEUE: Final = "delivery"  # push and mail
WEBHOOK_QUEUE: Final = "webhooks"
SLOW_WEBHOOK_QUEUE: Final = "webhooks-slow"  # endpoints that take seconds to answer
QUEUES: Final = (DEFAULT_QUEUE, MEDIA_QUEUE, DELIVERY_QUEUE, WEBHOOK_QUEUE, SLOW_WEBHOOK_QUEUE)
