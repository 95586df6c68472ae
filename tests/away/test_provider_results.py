"""A provider says who sent a mail. Only the domain of the sender's address can vouch for it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from anymail.inbound import AnymailInboundMessage
from anymail.signals import AnymailInboundEvent

from notifications.delivery.models import ReceivedMail
from notifications.delivery.replies.webhooks import take_inbound
from tests.away.conftest import Shop
from tests.away.test_replies import answer, replying, said

__all__ = ["replying"]  # a fixture
OWN, OTHER = "bounce@mail.example", "mallory@evil.example"


def hand_over(shop: Shop, provider: str, envelope: str, form: dict[str, str], **headers: str) -> str:
    message = answer(shop, Authentication_Results="", **headers)
    inbound = AnymailInboundMessage.parse_raw_mime_bytes(message.as_bytes())
    inbound.envelope_recipient, inbound.envelope_sender = str(message["To"]), envelope
    event = AnymailInboundEvent(event_type="inbound", message=inbound, esp_event=SimpleNamespace(POST=form))
    take_inbound(sender=None, event=event, esp_name=provider)
    outcome = ReceivedMail.objects.get().outcome
    assert len(said()) == (outcome == "accepted")
    return outcome


@pytest.mark.parametrize(
    ("envelope", "spf", "dkim", "signed_by", "outcome"),
    [
        (OWN, "Pass", "Pass", "mail.example", "accepted"),
        (OWN, "Pass", "Neutral", "", "accepted"),
        (OTHER, "Pass", "Pass", "mail.example", "accepted"),  # forwarded
        (OWN, "Fail", "Fail", "mail.example", "not_authentic"),
        (OTHER, "Pass", "Pass", "evil.example", "not_authentic"),
        (OTHER, "Pass", "Pass", "", "not_authentic"),
        ("", "Pass", "", "", "not_authentic"),
    ],
)
def test_mailgun(replying: Shop, envelope: str, spf: str, dkim: str, signed_by: str, outcome: str) -> None:
    signature = f"v=1; a=rsa-sha256; d={signed_by}; s=key; b=abc" if signed_by else ""
    given = {"X_Mailgun_Spf": spf, "X_Mailgun_Dkim_Check_Result": dkim, "DKIM_Signature": signature}
    assert hand_over(replying, "Mailgun", envelope, {}, **given) == outcome


@pytest.mark.parametrize(
    ("signature", "outcome"),
    [
        ("v=1; s=key; d = mail.example ; b=abc", "accepted"),
        ("v=1; s=key; d =evil.example; n=d=mail.example; b=abc", "not_authentic"),
        ("v=1; d=mail.example; s=key; d=evil.example; b=abc", "not_authentic"),
        ("v=1; s=d=mail.example; b=abc", "not_authentic"),
    ],
)
def test_the_domain_of_a_signature_is_its_own_tag(replying: Shop, signature: str, outcome: str) -> None:
    given = {"X_Mailgun_Dkim_Check_Result": "Pass", "DKIM_Signature": signature}
    assert hand_over(replying, "Mailgun", OTHER, {}, **given) == outcome


def test_mailgun_does_not_say_which_of_two_signatures_is_good(replying: Shop) -> None:
    message = answer(replying, Authentication_Results="", X_Mailgun_Dkim_Check_Result="Pass")
    for domain in ("mail.example", "evil.example"):
        message["DKIM-Signature"] = f"v=1; d={domain}; b=abc"
    inbound = AnymailInboundMessage.parse_raw_mime_bytes(message.as_bytes())
    inbound.envelope_recipient, inbound.envelope_sender = str(message["To"]), OTHER
    event = AnymailInboundEvent(event_type="inbound", message=inbound)
    take_inbound(sender=None, event=event, esp_name="Mailgun")
    assert ReceivedMail.objects.get().outcome == "not_authentic"


@pytest.mark.parametrize(
    ("envelope", "form", "outcome"),
    [
        (OWN, {"SPF": "pass", "dkim": "none"}, "accepted"),
        (OTHER, {"SPF": "pass", "dkim": "{@evil.example : pass}{@mail.example : pass}"}, "accepted"),
        (OTHER, {"SPF": "pass", "dkim": "{@evil.example : pass}"}, "not_authentic"),
        (OTHER, {"SPF": "pass", "dkim": "{@mail.example : fail}"}, "not_authentic"),
        (OWN, {"SPF": "softfail", "dkim": "none"}, "not_authentic"),
        (OWN, {}, "not_authentic"),
    ],
)
def test_sendgrid(replying: Shop, envelope: str, form: dict[str, str], outcome: str) -> None:
    assert hand_over(replying, "SendGrid", envelope, form) == outcome
