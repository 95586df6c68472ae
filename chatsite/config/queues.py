"""The queues of background jobs. Each has threads of its own in a worker."""

from __future__ import annotations

from typing import Final

DEFAULT_QUEUE: Final = "default"
MEDIA_QUEUE: Final = "media"  # processor-heavy: images, sound
DELIVERY_QUEUE: Final = "delivery"  # push and mail
WEBHOOK_QUEUE: Final = "webhooks"
QUEUES: Final = (DEFAULT_QUEUE, MEDIA_QUEUE, DELIVERY_QUEUE, WEBHOOK_QUEUE)
