"""The pages to sign in and out, and the page that a visitor sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chatsite.errors import FAILED_DATABASE, DomainError, as_domain_error
from chatsite.identity import operations
from chatsite.web import drafts
from chatsite.web.decorators import page
from chatsite.web.drafts import Draft
from chatsite.web.error_pages import text_of
from conversations import demo
from conversations.access import object_key


class SignInForm(forms.Form):
    """Checks the fields only. The operation decides who gets in."""

    username = forms.CharField(label=_("Username"), max_length=150)
    password = forms.CharField(label=_("Password"), max_length=1024, strip=False)


@dataclass(frozen=True)
class DemoLogin:
    username: str
    name: str
    role: str


@require_safe
@page
def landing(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("web:inbox")
    return _project_login(request) or _sign_in_page(request, SignInForm())


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@page
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(next_page(request))
        return _project_login(request) or _sign_in_page(request, SignInForm())
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(
            request, form, gettext("Please enter your username and your password."), status=400
        )
    try:
        operations.sign_in(request=request, **form.cleaned_data)
    except (DomainError, *FAILED_DATABASE) as failure:
        error = as_domain_error(failure)
        wrong = gettext("The username or password is incorrect. Check both and try again.")
        text = wrong if error.code == "unauthenticated" else text_of(error)
        return _sign_in_page(request, form, text, status=error.http_status)
    if draft := _posted_draft(request):
        drafts.keep(request, draft)
    return HttpResponseRedirect(next_page(request))


def sign_in_to_send(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Ask a user whose session has ended to sign in. The form carries the draft and leads to its conversation."""
    text = gettext("Please sign in again. Your message is saved, and you can send it afterwards.")
    context = _context(request, SignInForm(), text)
    context |= {"draft": draft, "next": reverse("web:conversation", args=[draft.conversation_id])}
    return render(request, "web/landing.html", context, status=401)


def stale_sign_in(request: HttpRequest) -> HttpResponse:
    """Show the sign-in form again with its fields after a CSRF failure."""
    text = gettext("This form has expired. Please try again. If that does not help, reload the page.")
    return _sign_in_page(request, SignInForm(request.POST), text, status=403)


@require_POST
@page
def sign_out(request: HttpRequest) -> HttpResponse:
    """Lead to the visitor's page, or to `next`, where somebody else is to sign in."""
    target = next_page(request, otherwise=reverse("web:landing"))
    operations.sign_out(request=request)
    return HttpResponseRedirect(target)


def _project_login(request: HttpRequest) -> HttpResponse | None:
    """Lead to the login of a host project, where LOGIN_URL names one."""
    login = resolve_url(settings.LOGIN_URL)
    return None if login == reverse("web:sign-in") else redirect_to_login(next_page(request), login)


def _sign_in_page(request: HttpRequest, form: SignInForm, error: str = "", status: int = 200) -> HttpResponse:
    return render(request, "web/landing.html", _context(request, form, error), status=status)


def _context(request: HttpRequest, form: SignInForm, error: str) -> dict[str, Any]:
    return {
        "form": form,
        "error": error,
        "next": next_page(request, otherwise=""),
        "demo_logins": _demo_logins() if settings.DEBUG else [],
        "demo_password": demo.PASSWORD,
        "sign_up": settings.CHAT_SIGN_UP,
        "password_reset": settings.CHAT_PASSWORD_RESET,
        "draft": _posted_draft(request),
    }


def _posted_draft(request: HttpRequest) -> Draft | None:
    """Return the unsent message that the sign-in form carries."""
    key = request.POST.get("draftConversation", "")
    try:
        conversation_id = str(object_key(key, "conversation")) if key else ""
    except DomainError:  # somebody changed the form
        return None
    return Draft.from_form(request, conversation_id) if conversation_id else None


def _demo_logins() -> list[DemoLogin]:
    """Return the logins that `manage.py demo` creates."""
    return [
        DemoLogin(demo.login_name(username), " ".join(name), demo.MEMBERS.get(username, ""))
        for username, name in demo.PEOPLE.items()
    ]


def next_page(request: HttpRequest, otherwise: str | None = None) -> str:
    """Return where to go after signing in: a page of this site, or the inbox."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, hosts, require_https=request.is_secure()):
        return wanted
    return reverse("web:inbox") if otherwise is None else otherwise
