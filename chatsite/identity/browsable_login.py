"""The login page of the browsable API. The login page of the web app is in `chatsite.web.auth_views`."""

from __future__ import annotations

from django.contrib.auth.views import LoginView

from chatsite.identity.forms import LimitedSignIn


class SignIn(LoginView):
    """Django REST framework's login page, with a limit on attempts."""

    template_name = "rest_framework/login.html"
    authentication_form = LimitedSignIn
