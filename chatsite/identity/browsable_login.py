"""The browsable API's sign-in page; that of the web page is in `chatsite.web.auth_views`."""

from __future__ import annotations

from django.contrib.auth.views import LoginView

from chatsite.identity.forms import LimitedSignIn


class SignIn(LoginView):
    """Django REST framework's own page, with a limit on tries."""

    template_name = "rest_framework/login.html"
    authentication_form = LimitedSignIn
