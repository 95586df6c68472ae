"""Widgets in Django admin. The pages call the same operations as REST. Secrets have their own page and are masked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from chatsite.errors import DomainError, invalid
from chatsite.http.admin_lists import BoundedAdmin
from chatsite.widget import operations
from chatsite.widget.models import SigningSecret, WidgetSite
from chatsite.widget.operations import WidgetSettings

CHOSEN = ("enabled", "guests_allowed", "title", "greeting", "accent", "asks_first", "form_question")


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    origin_lines = forms.CharField(
        label="Origins",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text="Sites that may show the widget, one on each line: https://www.example.com, https://*.example.com.",
    )

    class Meta:
        model = WidgetSite
        fields = ("business", *CHOSEN)
        widgets = {
            "greeting": forms.Textarea(attrs={"rows": 3, "cols": 60}),
            "accent": forms.TextInput(attrs={"placeholder": "#2f5bea", "size": 9}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["origin_lines"].initial = "\n".join(self.instance.origins)

    def clean(self) -> dict[str, Any] | None:
        """Apply the rules of the operation, so that its errors appear beside their fields."""
        cleaned: dict[str, Any] | None = super().clean()
        if cleaned is not None:
            try:
                operations.check_settings(self.chosen(cleaned))
            except DomainError as error:
                field = (error.details or {}).get("field", "")
                self.add_error("origin_lines" if field == "origins" else field or None, error.message)
        return cleaned

    def chosen(self, cleaned: dict[str, Any]) -> WidgetSettings:
        values = {name: cleaned[name] for name in CHOSEN if name in cleaned}
        return WidgetSettings(**values, origins=cleaned.get("origin_lines", "").split())


@admin.register(WidgetSite)
class WidgetSiteAdmin(BoundedAdmin):
    """Widgets cannot be deleted, because their visitors could not sign in to their accounts again. Disable them."""

    form = SiteForm
    list_display = ("business", "enabled", "guests_allowed", "shown_on", "updated_at")
    list_select_related = ("business",)
    list_filter = ("enabled", "guests_allowed")
    search_fields = ("business__name", "business__slug")
    autocomplete_fields = ("business",)
    ordering = ("-id",)
    sortable_by = ()
    actions = None
    fields = (
        "business",
        "enabled",
        "origin_lines",
        "guests_allowed",
        "title",
        "greeting",
        "accent",
        "asks_first",
        "form_question",
        "issuer",
        "signing",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("business", "issuer", "signing") if obj else ("issuer", "signing")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="shown on")
    def shown_on(self, site: WidgetSite) -> str:
        return ", ".join(site.origins[:3]) + (" …" if len(site.origins) > 3 else "") or "no site yet"

    @admin.display(description="issuer (iss)")
    def issuer(self, site: WidgetSite) -> str:
        return "–" if site._state.adding else str(site.pk)

    @admin.display(description="signing secrets")
    def signing(self, site: WidgetSite) -> str:
        if site._state.adding:
            return "created when you save"
        hints = ", ".join(secret.hint for secret in site.secrets.all()) or "none"
        url = reverse("admin:widget_widgetsite_secrets", args=[site.pk])
        return format_html('{} <a href="{}">show, rotate, revoke</a>', hints, url)

    def save_model(self, request: HttpRequest, obj: WidgetSite, form: SiteForm, change: bool) -> None:
        chosen = form.chosen(form.cleaned_data)
        if change:
            operations.change_site(site_id=obj.pk, chosen=chosen)
            return
        site, created = operations.create_site(business=obj.business, chosen=chosen)
        if not created:
            raise invalid("This business already has a widget.", field="business")
        obj.pk, obj.created_at = site.pk, site.created_at
        obj._state.adding = False

    # --- The page of secrets ---

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<uuid:key>/secrets/",
            self.admin_site.admin_view(self.secrets_page),
            name="widget_widgetsite_secrets",
        )
        return [page, *super().get_urls()]

    def secrets_page(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """List the live secrets, masked. Only the response to a POST shows a secret; no cookie or URL contains it."""
        site = WidgetSite.objects.select_related("business").filter(pk=key).first()
        if site is None:
            raise Http404("No such widget.")
        if not request.user.has_perm("widget.handle_secrets"):
            raise PermissionDenied
        shown = None
        if request.method == "POST":
            shown = self._apply_action(request, site)
            if shown is None:
                return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Signing secrets of {site.business}",
            "site_row": site,
            "live": list(site.secrets.all()),
            "shown": shown,
        }
        response = TemplateResponse(request, "admin/widget/secrets.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def _apply_action(self, request: HttpRequest, site: WidgetSite) -> SigningSecret | None:
        """Apply the requested action and log it. Return the secret to show, if any."""
        act = request.POST.get("act", "")
        if act == "rotate":
            secret = operations.rotate_secret(site_id=site.pk)
            self.log_change(request, site, f"Created the signing secret {secret.hint}.")
            return secret
        if act == "sign-out":
            people = operations.sign_out_visitors(site_id=site.pk)
            self.log_change(request, site, "Signed all visitors out.")
            messages.success(request, f"Signed out {people} visitors.")
            return None
        wanted = request.POST.get("secret", "")
        chosen = next((secret for secret in site.secrets.all() if str(secret.pk) == wanted), None)
        if chosen is None:
            messages.error(request, "This secret no longer exists.")
            return None
        if act == "show":
            self.log_change(request, site, f"Viewed the signing secret {chosen.hint}.")
            return chosen
        operations.revoke_secret(site_id=site.pk, secret_id=chosen.pk)
        self.log_change(request, site, f"Revoked the signing secret {chosen.hint}.")
        messages.success(request, f"Revoked the secret {chosen.hint}.")
        return None
