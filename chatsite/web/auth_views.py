"""The front door: what a stranger sees, signing in, signing out."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chatsite.errors import DomainError
from chatsite.identity import operations
from chatsite.web.error_pages import text_of
from chatsite.web.policy import page
from conversations import demo


class SignInForm(forms.Form):
    """Nothing but shape; who gets in is the operation's to say."""

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
    return _entrance(request, SignInForm())


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@page
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(_next(request))
        return _entrance(request, SignInForm())
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _entrance(request, form, gettext("Please enter your username and your password."), status=400)
    try:
        operations.sign_in(request=request, **form.cleaned_data)
    except DomainError as error:
        wrong = gettext("The username or the password is not right. Check both, and try again.")
        text = wrong if error.code == "unauthenticated" else text_of(error)
        return _entrance(request, form, text, status=error.http_status)
    return HttpResponseRedirect(_next(request))


@require_POST
@page
def sign_out(request: HttpRequest) -> HttpResponse:
    operations.sign_out(request=request)
    return redirect("web:landing")


def _entrance(request: HttpRequest, form: SignInForm, error: str = "", status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "error": error,
        "next": _next(request, otherwise=""),
        "demo_logins": _demo_logins() if settings.DEBUG else [],
        "demo_password": demo.PASSWORD,
    }
    return render(request, "web/landing.html", context, status=status)


def _demo_logins() -> list[DemoLogin]:
    """As `manage.py demo` makes them."""
    return [
        DemoLogin(username, " ".join(name), demo.MEMBERS.get(username, ""))
        for username, name in demo.PEOPLE.items()
    ]


def _next(request: HttpRequest, otherwise: str | None = None) -> str:
    """Where to go after signing in: a page of this site, or the inbox."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, hosts, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL) if otherwise is None else otherwise
