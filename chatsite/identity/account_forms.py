"""The forms of people who make an account themselves, and of those who choose a new password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm, UsernameField
from django.utils.translation import gettext_lazy as _

from chatsite.identity.names import new_names
from chatsite.identity.registration import set_new_password, takes_email

PASSWORD = "password1"  # the name of the field in Django's form


class SignUpForm(UserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    """Django's form with one password field, which a page can show, and a name.

    `save(commit=False)` makes the user. The address is no part of it: it counts when its owner has confirmed it.
    """

    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        required=False,
        help_text=_(
            "We use it to notify you of messages that arrive while you are away. You confirm it with a link."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password2 = None  # type: ignore[assignment]  # Django's way to leave a field out

    class Meta:
        model = get_user_model()
        fields = (model.USERNAME_FIELD,)
        field_classes = {"username": UsernameField}

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if not takes_email():
            del self.fields["email"]

    def validate_password_for_user(self, user: Any, password_field_name: str = PASSWORD) -> None:
        names = new_names(self.cleaned_data.get("name", ""))
        for field, value in names.items():
            setattr(user, field, value)
        super().validate_password_for_user(user, password_field_name)  # type: ignore[misc]  # not in the stubs


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    """Django's form with one password field. `user` is the account whose link was opened."""

    new_password2 = None  # type: ignore[assignment]

    def save(self, commit: bool = True) -> Any:
        set_new_password(user=self.user, password=self.cleaned_data["new_password1"])
        return self.user

    def clean(self) -> dict[str, Any]:
        self.validate_password_for_user(self.user, "new_password1")
        return self.cleaned_data


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
