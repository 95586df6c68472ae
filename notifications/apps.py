from django.apps import AppConfig
from django.conf import settings


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        # These modules register their hooks on import: `sync`, outages, lost rights, erasures, exports, webhooks, jobs.
        from notifications import (
            customer_offers,  # noqa: F401
            expiry,  # noqa: F401
            gdpr,  # noqa: F401
            handovers,  # noqa: F401
            live,  # noqa: F401
            lost_rights,  # noqa: F401
            mentions,  # noqa: F401
            ties,  # noqa: F401
        )

        if getattr(settings, "ANYMAIL", {}).get("WEBHOOK_SECRET"):
            from notifications.delivery.replies import webhooks  # noqa: F401
        from notifications.delivery import (
            attention,  # noqa: F401
            escalations,  # noqa: F401
            jobs,  # noqa: F401
            rating_requests,  # noqa: F401
            removed_messages,  # noqa: F401
        )
        from notifications.delivery import gdpr as delivery_gdpr  # noqa: F401
        from notifications.webhooks import erasure, housekeeping, outbox  # noqa: F401
