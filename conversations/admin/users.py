"""Django's user admin with suspension, export and erasure, instead of the "active" checkbox and deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import path
from django.views.decorators.http import require_POST

from chatsite.errors import DomainError
from chatsite.http.admin_lists import BoundedAdmin, ReasonActionForm, change_chosen, errors_as_messages
from chatsite.identity.names import user_page
from chatsite.identity.operations import end_user_sessions
from chatsite.identity.users import parse_user_key
from conversations.admin.downloads import as_download
from conversations.moderation import erasure, exports
from conversations.moderation import operations as moderation

VERBS = {
    "suspend": (moderation.suspend_user, "The user has been suspended."),
    "reinstate": (moderation.reinstate_user, "The user can sign in again."),
}
PERMISSIONS = ("suspend_user", "export_person", "erase_person")
SUPERUSER_ONLY = ("is_staff", "is_superuser", "groups", "user_permissions")


class UserModeration(BoundedAdmin):
    """Suspension, export and erasure for the admin of any user model. Put it before the project's own base class."""

    ordering = ("-pk",)
    change_form_template = "admin/conversations/user_change_form.html"
    action_form = ReasonActionForm
    actions = ("suspend_chosen", "reinstate_chosen")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Users are erased instead of deleted, because the conversations of the other side need the account."""
        return False

    # Actions of the list

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("conversations.suspend_user"))

    @admin.action(description="Suspend", permissions=["suspend"])
    def suspend_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        change_chosen(request, queryset, moderation.suspend_user, "user_id")

    @admin.action(description="Reinstate", permissions=["suspend"])
    def reinstate_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        change_chosen(request, queryset, moderation.reinstate_user, "user_id")

    # The page of one user

    def get_urls(self) -> list[Any]:
        def posted(route: str, view: Callable[..., Any], **options: str) -> Any:
            guarded = self.admin_site.admin_view(require_POST(view))
            return path(f"<path:key>/{route}/", guarded, options, name=f"conversations_user_{route}")

        return [
            posted("export", self.export),
            posted("erase", self.erase),
            *(posted(verb, self.act, verb=verb) for verb in VERBS),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        may = {name: request.user.has_perm(f"conversations.{name}") for name in PERMISSIONS}
        return super().change_view(request, object_id, form_url, {"may": may, **(extra_context or {})})

    def act(self, request: HttpRequest, key: str, verb: str) -> HttpResponse:
        operation, done = VERBS[verb]
        with errors_as_messages(request):
            operation(actor=request.user, user_id=key, reason=request.POST.get("reason", ""))
            messages.success(request, done)
        return _back(key)

    def export(self, request: HttpRequest, key: str) -> HttpResponseBase:
        try:
            lines = exports.export_person(
                actor=request.user, user_id=key, reason=request.POST.get("reason", "")
            )
        except DomainError as error:
            messages.error(request, error.message)
            return _back(key)
        return as_download(request, lines, f"person-{key}.jsonl")

    def erase(self, request: HttpRequest, key: str) -> HttpResponse:
        user = get_user_model()._default_manager.filter(pk=parse_user_key(key)).first()
        if user is None or request.POST.get("username", "") != user.get_username():
            messages.error(request, "The username does not match. Nothing was erased.")
            return _back(key)
        with errors_as_messages(request):
            done = erasure.erase_person(
                actor=request.user, user_id=key, reason=request.POST.get("reason", "")
            )
            messages.success(
                request,
                f"Erased the person and {done.messages} messages in {done.conversations} conversations.",
            )
        return _back(key)


def _back(key: str) -> HttpResponse:
    return HttpResponseRedirect(user_page(key))


class ModeratedUserAdmin(UserModeration, UserAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff", "date_joined")
    sortable_by = ("username", "date_joined")

    # The form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Operations change `is_active`. Only superusers grant rights, so that an editor cannot become a superuser."""
        rights = () if getattr(request.user, "is_superuser", False) else SUPERUSER_ONLY
        return ("is_active", "last_login", "date_joined", *rights)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show no passwords and rights to people who may only view users."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        who = (
            "username",
            "first_name",
            "last_name",
            "email",
            "is_active",
            "is_staff",
            "last_login",
            "date_joined",
        )
        return [(None, {"fields": who})]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse changes of superusers by others, because a new password would take over the account."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (
            obj is None or not obj.is_superuser or bool(getattr(request.user, "is_superuser", False))
        )

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  Django's name for it
        form_url: str = "",
    ) -> HttpResponse:
        """Change the password, and sign the user out everywhere."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            with errors_as_messages(request):
                end_user_sessions(user_id=id)
        return response


if issubclass(get_user_model(), User):  # a project registers its own user model itself
    if admin.site.is_registered(User):
        admin.site.unregister(User)
    admin.site.register(User, ModeratedUserAdmin)
