"""Webhooks in Django admin: those of businesses, and those of the whole site, which can be created only here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from chatsite.errors import DomainError
from chatsite.http.admin_lists import BoundedAdmin, ReadOnlyAdmin, chosen_rows
from notifications.webhooks import operations
from notifications.webhooks.event_types import EVERY_TYPE, names
from notifications.webhooks.models import Webhook, WebhookDelivery
from notifications.webhooks.secrets import encrypted, new_secret

TIME_INPUT = forms.DateTimeInput(attrs={"type": "datetime-local"})


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    events = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="Event types")

    class Meta:
        model = Webhook
        fields = ("business", "url", "description", "events", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(EVERY_TYPE, "all types"), *((name, name) for name in names())]
        self.fields["events"].choices = choices  # type: ignore[attr-defined]  # of a choice field
        if "business" in self.fields:
            self.fields["business"].help_text = "Empty: events of all businesses."

    def clean_url(self) -> str:
        try:
            return operations.clean_url(self.cleaned_data["url"])
        except DomainError as error:
            raise forms.ValidationError(error.message) from error


class SpanForm(ActionForm):
    """The fields beside the list of actions. The action checks them: Django ignores an action with an invalid form."""

    since = forms.CharField(required=False, label="From", widget=TIME_INPUT)
    until = forms.CharField(required=False, label="To", widget=TIME_INPUT)


@admin.register(Webhook)
class WebhookAdmin(BoundedAdmin):
    """Secrets are shown once, in the answer to the form that made them, and in no cookie."""

    form = WebhookForm
    list_display = ("__str__", "business", "enabled", "disabled_reason", "failures", "failing_since")
    list_filter = ("enabled", "disabled_reason")
    list_select_related = ("business",)
    search_fields = ("business__name__startswith",)
    autocomplete_fields = ("business",)
    readonly_fields = ("disabled_reason", "failures", "failing_since", "retry_at", "created_by", "created_at")
    actions = ("send_test", "replay_span", "rotate_secret")
    action_form = SpanForm

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("business", *self.readonly_fields) if obj else tuple(self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Webhook, form: WebhookForm, change: bool) -> None:
        if change:
            columns = {name: form.cleaned_data[name] for name in form.changed_data}
            if "enabled" in columns:
                columns |= operations.switched(columns["enabled"])
            operations.apply_changes(obj, columns)
            return
        secret = new_secret()
        obj.secret, obj.created_by_id = encrypted(secret), request.user.pk
        with transaction.atomic():
            obj.save(force_insert=True)
            operations.apply_changes(obj, {})
        obj.shown_secret = secret  # type: ignore[attr-defined]  # until the answer is made

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self._show_secret(request, obj, obj.shown_secret)

    def _show_secret(self, request: HttpRequest, endpoint: Webhook, secret: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Secret of a webhook",
            "endpoint": endpoint,
            "secret": secret,
        }
        response = TemplateResponse(request, "admin/notifications/webhook_secret.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        operations.remove_endpoint(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            operations.remove_endpoint(row)

    @admin.action(description="Send a test event", permissions=["change"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        chosen = chosen_rows(request, queryset.filter(enabled=True))
        for endpoint in chosen:
            operations.store_test(endpoint)
            self.log_change(request, endpoint, "Sent a test event.")
        messages.success(request, f"{len(chosen)} test events were enqueued.")

    @admin.action(
        description="Deliver the events of a span again (without times: of the last day)",
        permissions=["change"],
    )
    def replay_span(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        time = forms.DateTimeField(required=False)
        try:
            since, until = (time.clean(request.POST.get(name, "")) for name in ("since", "until"))
        except forms.ValidationError:
            messages.error(request, "Write both times as a date and a time.")
            return
        since = since or timezone.now() - timedelta(days=1)
        for endpoint in chosen_rows(request, queryset.filter(enabled=True)):
            rows = operations.deliveries_between(endpoint, since, until)
            number = operations.replay_deliveries(endpoint, rows)
            self.log_change(request, endpoint, f"Delivered {number} events again.")
            messages.success(request, f"{endpoint}: {number} events are delivered again.")

    @admin.action(description="Make a new secret and show it (choose one)", permissions=["change"])
    def rotate_secret(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> HttpResponse | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            messages.error(request, "Choose one webhook.")
            return None
        endpoint, secret = operations.renew_secret(chosen[0])
        self.log_change(request, endpoint, "Made a new secret.")
        return self._show_secret(request, endpoint, secret)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("event", "webhook", "state", "attempts", "last_attempt_at", "retry_at", "error")
    list_filter = ("state",)
    list_select_related = ("event", "webhook")
    ordering = ("-id",)
    fields = (
        "webhook",
        "event",
        "state",
        "attempts",
        "request",
        "answer",
        "error",
        "last_attempt_at",
        "retry_at",
    )
    readonly_fields = fields
