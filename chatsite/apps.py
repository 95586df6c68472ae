from typing import Any

from django.apps import AppConfig

from chatsite.config.defaults import fill_in_defaults, require_apps


class ChatsiteConfig(AppConfig):
    name = "chatsite"

    def __init__(self, app_name: str, app_module: Any) -> None:
        super().__init__(app_name, app_module)
        fill_in_defaults()  # here, and not in `ready`, because modules of models read settings

    def ready(self) -> None:
        require_apps()
        # Importing registers the system checks, a lookup, the schemas of structs, the gauges, and the checks of live
        # sessions.
        from chatsite.config import checks, host_checks  # noqa: F401
        from chatsite.database import text_folding  # noqa: F401
        from chatsite.http import struct_components  # noqa: F401
        from chatsite.realtime import gauges, revalidation  # noqa: F401
