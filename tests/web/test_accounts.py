"""People create accounts themselves, and choose a new password by a link in a mail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django_tasks_db.models import DBTaskResult
from rest_framework.settings import api_settings

from chatsite.errors import DomainError
from chatsite.http.site_url import site_url
from chatsite.identity import account_mails, operations
from chatsite.observability import access_log, logs

GOOD = "a good pass phrase"
FORM = {"username": "kim", "name": "Kim Lund", "password1": GOOD, "email": "kim@mail.example"}


@pytest.fixture
def visitor(db: None, settings: Any) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CHAT_SIGN_UP = settings.CHAT_PASSWORD_RESET = settings.CHAT_SENDS_MAIL = True
    settings.SITE_URL = "https://chat.example"
    return Client()


def run_jobs() -> None:
    """Run what was enqueued, as the worker does."""
    for row in DBTaskResult.objects.order_by("enqueued_at"):
        job = {"send_confirmation": account_mails.send_confirmation}.get(
            row.task_path.rpartition(".")[2], account_mails.send_password_links
        )
        job.func(*row.args_kwargs["args"])
    DBTaskResult.objects.all().delete()


def link() -> str:
    """Return the path of the link in the last mail."""
    found = re.search(r"https://chat\.example(/\S+)", str(mail.outbox[-1].body))
    assert found is not None, mail.outbox[-1].body
    return found[1]


def person(**more: Any) -> Any:
    return get_user_model().objects.create_user("kim", password=GOOD, email="kim@mail.example", **more)


def test_a_new_account_is_signed_in_and_led_on(visitor: Client) -> None:
    answer = visitor.post("/sign-up", {**FORM, "next": "/app/find?q=x"})
    assert (answer.status_code, answer["Location"]) == (302, "/app/find?q=x")
    assert visitor.get("/app").status_code == 200
    user = get_user_model().objects.get()
    assert (user.get_full_name(), user.email, user.is_staff) == ("Kim Lund", "", False)
    assert visitor.get("/sign-up")["Location"] == "/app"
    assert "Administration" not in visitor.get("/app").content.decode()


def test_the_address_counts_when_its_owner_has_confirmed_it(visitor: Client) -> None:
    visitor.post("/sign-up", FORM)
    run_jobs()
    assert mail.outbox[-1].to == ["kim@mail.example"]
    stranger = Client()
    assert stranger.get(link()).status_code == 200
    assert get_user_model().objects.get().email == ""  # mail scanners open links
    assert stranger.post(link()).status_code == 200
    assert get_user_model().objects.get().email == "kim@mail.example"
    assert stranger.post("/confirm-email/forged").status_code == 404


@pytest.mark.parametrize("change", [{"password": "another one"}, {"email": "other@mail.example"}])
def test_an_earlier_link_ends_with_the_password_and_with_the_address(
    visitor: Client, change: dict[str, str]
) -> None:
    """Somebody who once had the account cannot take it back with an old mail."""
    visitor.post("/sign-up", FORM)
    run_jobs()
    user = get_user_model().objects.get()
    if "password" in change:
        user.set_password(change["password"])
    user.email = change.get("email", "")
    user.save()
    assert Client().post(link()).status_code == 404
    assert get_user_model().objects.get().email == change.get("email", "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": "OLIVIA"}, "already exists"),
        ({"username": "no spaces"}, "valid username"),
        ({"username": ""}, "required"),
        ({"password1": "short"}, "too short"),
        ({"password1": "Kim Lund Kim", "name": "Kim Lund Kim"}, "too similar"),
        ({"email": "nonsense"}, "valid email"),
    ],
)
def test_a_refused_form_says_why_and_keeps_the_entries(
    visitor: Client, changes: dict[str, str], words: str
) -> None:
    get_user_model().objects.create_user("olivia")
    answer = visitor.post("/sign-up", {**FORM, **changes})
    page = answer.content.decode()
    assert (answer.status_code, words in page, GOOD in page) == (400, True, False)
    assert ("Kim Lund" in page, get_user_model().objects.count()) == (True, 1)


def test_two_people_who_take_one_name_at_the_same_time(visitor: Client, monkeypatch: Any) -> None:
    person()
    monkeypatch.setattr(get_user_model(), "validate_unique", lambda *given, **named: None)
    monkeypatch.setattr("django.contrib.auth.forms.UserCreationForm.clean_username", lambda form: "kim")
    answer = visitor.post("/sign-up", FORM)
    assert (answer.status_code, "just taken" in answer.content.decode()) == (409, True)


def test_new_accounts_from_one_address_are_counted(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "sign_up", "1/hour")
    names = ["kim", "kay"]
    assert [Client().post("/sign-up", {**FORM, "username": name}).status_code for name in names] == [302, 429]


def test_a_new_password_ends_the_old_one_and_every_login(visitor: Client) -> None:
    user = person()
    pair = operations.open_login(user_id=str(user.pk))
    browser = Client()
    browser.force_login(user)
    answer = visitor.post("/forgot-password", {"email": "KIM@mail.example"})
    assert "on its way" in answer.content.decode()
    run_jobs()
    first = visitor.get(link())
    page = visitor.get(first["Location"])
    assert page.status_code == 200
    assert visitor.post(first["Location"], {"new_password1": "kim"}).status_code == 400
    done = visitor.post(first["Location"], {"new_password1": "another pass phrase"}, follow=True)
    assert "Your password was changed" in done.content.decode()
    user.refresh_from_db()
    assert user.check_password("another pass phrase")
    assert browser.get("/app").status_code == 302
    with pytest.raises(DomainError):
        operations.rotate_login(refresh=pair.refresh)
    assert Client().get(link()).status_code == 404


def test_the_mail_has_the_sites_name_and_icon(visitor: Client) -> None:
    person()
    visitor.post("/forgot-password", {"email": FORM["email"]})
    run_jobs()
    [sent] = mail.outbox
    assert isinstance(sent, mail.EmailMultiAlternatives)
    page = str(sent.alternatives[0][0])
    assert '<img src="https://chat.example/app/icon-180.png"' in page
    assert '<a class="brand" href="https://chat.example/"' in page
    assert visitor.get("/app/icon-180.png", follow=True).redirect_chain[0][0].endswith(".png")


def test_nobody_learns_who_has_an_account(visitor: Client) -> None:
    person()
    answers = []
    for email in ("kim@mail.example", "nobody@mail.example"):
        answer = visitor.post("/forgot-password", {"email": email})
        answers.append((answer.status_code, answer.content.decode(), DBTaskResult.objects.count()))
        run_jobs()
    assert answers[0] == answers[1]
    assert [sent.to for sent in mail.outbox] == [["kim@mail.example"]]


def test_one_mailbox_gets_few_mails(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    person()
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "account_mail", "2/hour")
    codes = [visitor.post("/forgot-password", {"email": "kim@mail.example"}).status_code for _ in range(3)]
    run_jobs()
    assert (codes, len(mail.outbox)) == ([200, 200, 200], 2)
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "password_reset", "3/hour")
    assert visitor.post("/forgot-password", {"email": "x@mail.example"}).status_code == 429


@pytest.mark.parametrize("more", [{"is_active": False}, {"password": None}])
def test_accounts_without_a_password_get_no_link(visitor: Client, more: dict[str, Any]) -> None:
    get_user_model().objects.create_user("kim", **{"email": FORM["email"], "password": GOOD, **more})
    visitor.post("/forgot-password", {"email": FORM["email"]})
    run_jobs()
    assert mail.outbox == []


def test_the_pages_are_there_where_the_settings_say_so(visitor: Client, settings: Any) -> None:
    page = visitor.get("/sign-in").content.decode()
    assert ("Create an account" in page, "Forgot your password?" in page) == (True, True)
    settings.CHAT_SIGN_UP = settings.CHAT_PASSWORD_RESET = False
    page = visitor.get("/sign-in").content.decode()
    assert ("Create an account" in page, "Forgot your password?" in page) == (False, False)
    for path in ("/sign-up", "/forgot-password", "/new-password/MQ/x-y", "/new-password-set"):
        assert visitor.get(path).status_code == 404
        assert visitor.post(path, FORM).status_code == 404
    assert get_user_model().objects.count() == 0


def test_without_mail_nobody_is_asked_for_an_address(visitor: Client, settings: Any) -> None:
    settings.CHAT_SENDS_MAIL = False
    assert "E-mail" not in visitor.get("/sign-up").content.decode()
    assert visitor.post("/sign-up", FORM).status_code == 302
    assert DBTaskResult.objects.count() == 0


def test_links_are_not_logged(visitor: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "chatsite.access")
    context, path = logs.begin(), "/new-password/MQ/the-secret"
    visitor.get(path)
    scope = {"path": path, "method": "GET", "headers": [], "client": ("127.0.0.1", 1)}
    access_log._log_request(scope, context, access_log.SentResponse(404), 0.1)
    (line,) = caplog.records
    assert "the-secret" not in f"{line.getMessage()} {line.fields}"  # type: ignore[attr-defined]
    assert "/new-password/MQ/[redacted]" in line.getMessage()


def test_links_below_a_path_have_it_once(settings: Any) -> None:
    settings.ROOT_PATH, settings.SITE_URL = "/support", "https://chat.example/support"
    on_a_request, in_a_job = site_url("/support/app"), site_url("/app")
    assert on_a_request == in_a_job == "https://chat.example/support/app"
    assert site_url("/supporters") == "https://chat.example/support/supporters"
