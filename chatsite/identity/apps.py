from django.apps import AppConfig
from django.contrib import admin


class IdentityConfig(AppConfig):
    name = "chatsite.identity"
    label = "identity"
    verbose_name = "Identity"

    def ready(self) -> None:
        # Importing registers the control messages that end sockets, the gauges, and the OpenAPI authentication scheme.
        import chatsite.identity.schema
        import chatsite.realtime.gauges
        import chatsite.realtime.revalidation  # noqa: F401
        from chatsite.identity.forms import LimitedAdminSignIn
        from chatsite.identity.tokens import by_cookie, by_ticket, by_tokens, ended
        from chatsite.realtime import registry

        admin.site.login_form = LimitedAdminSignIn
        registry.set_authentication(registry.Authentication(by_tokens, by_ticket, by_cookie, ended))
