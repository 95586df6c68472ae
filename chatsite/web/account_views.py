"""The pages to create an account and to choose a new password. Settings turn both on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, NamedTuple

from django import forms
from django.conf import settings
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from chatsite.errors import FAILED_DATABASE, DomainError, as_domain_error, not_found
from chatsite.identity import registration
from chatsite.identity.account_forms import EmailForm, NewPasswordForm, SignUpForm
from chatsite.identity.account_mails import read_confirmation
from chatsite.web.auth_views import next_page
from chatsite.web.decorators import page
from chatsite.web.error_pages import text_of

View = Callable[..., HttpResponseBase]


class FormTexts(NamedTuple):
    title: str | Promise
    lead: str | Promise
    button: str | Promise


class Link(NamedTuple):
    """The next step of a page with a few words on it."""

    address: str
    text: str | Promise


SIGN_UP: Final = FormTexts(
    _("Create an account"),
    _("With an account you can write to every business here."),
    _("Create the account"),
)
FORGOT_PASSWORD: Final = FormTexts(
    _("Forgot your password?"),
    _("Enter your e-mail address. We send you a link to choose a new password."),
    _("Send the link"),
)
NEW_PASSWORD: Final = FormTexts(
    _("Choose a new password"), _("This signs you out on all devices."), _("Save the password")
)
CONFIRM_EMAIL: Final = FormTexts(
    _("Is this your e-mail address?"),
    _("Your account then uses it for e-mails about unread messages and for a new password."),
    _("Confirm the address"),
)


def only_with(setting: str) -> Callable[[View], View]:
    """Answer "not found" where the setting is off."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, **named: Any) -> HttpResponseBase:
            if not getattr(settings, setting):
                raise not_found("page")
            return view(request, **named)

        return answer

    return decorate


@sensitive_post_parameters("password1")
@require_http_methods(["GET", "HEAD", "POST"])
@page
@only_with("CHAT_SIGN_UP")
def sign_up(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("web:inbox")
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _form_page(request, SIGN_UP, form)
    try:
        user = form.save(commit=False)
        registration.sign_up(request=request, user=user, email=form.cleaned_data.get("email", ""))
    except (DomainError, *FAILED_DATABASE) as failure:
        error = as_domain_error(failure)
        taken = gettext("Somebody else has just taken this username. Please choose another one.")
        text = taken if error.code == "conflict" else text_of(error)
        return _form_page(request, SIGN_UP, form, text, error.http_status)
    return HttpResponseRedirect(next_page(request))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Ask first: programs that examine mails open every link in them."""
    if read_confirmation(token) is None:
        return _note(request, gettext("This link no longer works"), status=404)
    if request.method == "POST":
        registration.confirm_email(token=token)
        return _note(request, gettext("Your e-mail address is confirmed"))
    return _form_page(request, CONFIRM_EMAIL, forms.Form())


@require_http_methods(["GET", "HEAD", "POST"])
@page
@only_with("CHAT_PASSWORD_RESET")
def forgot_password(request: HttpRequest) -> HttpResponse:
    form = EmailForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _form_page(request, FORGOT_PASSWORD, form)
    try:
        registration.request_new_password(request=request, email=form.cleaned_data["email"])
    except (DomainError, *FAILED_DATABASE) as failure:
        error = as_domain_error(failure)
        return _form_page(request, FORGOT_PASSWORD, form, text_of(error), error.http_status)
    text = gettext(
        "If an account has this address, an e-mail with a link is on its way. It may take some minutes."
    )
    return _note(request, gettext("Check your e-mail"), text, link=_sign_in_link())


class NewPassword(PasswordResetConfirmView):
    """The page behind the link in the mail: Django's view, in the site's look, with the site's operation."""

    form_class = NewPasswordForm
    template_name = "web/account.html"
    success_url = reverse_lazy("web:new-password-set")

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        context = super().get_context_data(**named)
        return context | _context(self.request, NEW_PASSWORD, context["form"])

    def render_to_response(self, context: dict[str, Any], **named: Any) -> HttpResponse:
        if not self.validlink:
            text = gettext("It has been used, or it is too old. Ask for a new one.")
            again = Link(reverse("web:forgot-password"), FORGOT_PASSWORD.title)
            return _note(self.request, gettext("This link no longer works"), text, status=404, link=again)
        status = 400 if context["form"].errors else 200
        return super().render_to_response(context, status=status, **named)


new_password = page(only_with("CHAT_PASSWORD_RESET")(NewPassword.as_view()))


@page
@only_with("CHAT_PASSWORD_RESET")
def new_password_set(request: HttpRequest) -> HttpResponse:
    return _note(request, gettext("Your password was changed"), link=_sign_in_link())


def _form_page(
    request: HttpRequest, texts: FormTexts, form: forms.BaseForm, error: str = "", status: int = 200
) -> HttpResponse:
    context = {**_context(request, texts, form), "error": error}
    return render(request, "web/account.html", context, status=400 if form.errors else status)


def _context(request: HttpRequest, texts: FormTexts, form: forms.BaseForm) -> dict[str, Any]:
    return {**texts._asdict(), "form": form, "next": next_page(request, otherwise="")}


def _sign_in_link() -> Link:
    return Link(reverse("web:sign-in"), gettext("Sign in"))


def _note(
    request: HttpRequest, title: str, text: str = "", status: int = 200, link: Link | None = None
) -> HttpResponse:
    return render(request, "web/refusal.html", {"title": title, "text": text, "link": link}, status=status)
