"""A login that renews the hash of an old password ends no other login of the account."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from pytest_django import Settings

from chatsite.identity.models import RehashedPassword
from chatsite.identity.password_tags import is_current, password_tag

pytestmark = pytest.mark.django_db

PASSWORD = "the-same-password-1"


HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",  # the site's current one, quick for a test
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]


@pytest.fixture
def old_user(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = HASHERS
    return User.objects.create(username="rehashed", password=make_password(PASSWORD, hasher="scrypt"))


def test_tokens_of_the_old_hash_stay_valid(old_user: User) -> None:
    tag = password_tag(old_user)
    user = authenticate(username="rehashed", password=PASSWORD)
    assert user is not None
    assert user.password != old_user.password
    assert is_current(tag, user)
    assert is_current(password_tag(user), user)


def test_a_new_password_ends_them_all(old_user: User) -> None:
    tag = password_tag(old_user)
    user = authenticate(username="rehashed", password=PASSWORD)
    assert isinstance(user, User)
    renewed = password_tag(user)
    user.set_password("another-password-1")
    user.save()
    assert not is_current(tag, user)
    assert not is_current(renewed, user)


def test_an_ordinary_login_notes_nothing(old_user: User) -> None:
    authenticate(username="rehashed", password=PASSWORD)
    authenticate(username="rehashed", password=PASSWORD)
    assert RehashedPassword.objects.count() == 1


def test_a_wrong_password_notes_nothing(old_user: User) -> None:
    assert authenticate(username="rehashed", password="wrong") is None
    assert not RehashedPassword.objects.exists()


def test_two_logins_at_once_renew_the_hash_and_both_stay(old_user: User) -> None:
    old_hash = old_user.password
    first = authenticate(username="rehashed", password=PASSWORD)
    assert isinstance(first, User)
    tag_of_first = password_tag(first)
    User.objects.filter(pk=old_user.pk).update(password=old_hash)  # what the second login has read
    second = authenticate(username="rehashed", password=PASSWORD)
    assert isinstance(second, User)
    assert is_current(tag_of_first, second)
    assert is_current(password_tag(second), second)
    second.set_password("another-password-1")
    second.save()
    assert not is_current(tag_of_first, second)


@pytest.mark.django_db(transaction=True)
def test_the_new_hash_is_stored_together_with_its_note(
    old_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may be killed, and other requests may read, between the two."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    tag = password_tag(old_user)
    monkeypatch.setattr("chatsite.identity.backends.note_rehash", die)
    with pytest.raises(KeyboardInterrupt):
        authenticate(username="rehashed", password=PASSWORD)
    assert is_current(tag, User.objects.get(pk=old_user.pk))
