"""Send one signed request and return the result. It uses no database, so it can run on any thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils import timezone

from chatsite.errors import DomainError
from chatsite.http import outgoing
from chatsite.http.endpoint_pace import QUICK_TIMEOUT
from notifications.webhooks.models import Webhook, WebhookDelivery
from notifications.webhooks.secrets import decrypted, signature

USER_AGENT: Final = "business-chat-webhooks/1"
KEPT_HEADERS: Final = ("content-type", "retry-after")  # of an answer
KEPT_BODY: Final = 500  # characters of an answer
CHAIN_SECONDS: Final = 5.0  # events of one conversation are sent one after the other for so long
_SECRETS: Final = re.compile(r"whsec_[A-Za-z0-9+/=_-]+|v1,[A-Za-z0-9+/=]+|bck_[A-Za-z0-9_-]+")


@dataclass(slots=True)
class Attempt:
    """The result of one request. `status` is None if there was no answer."""

    delivery: WebhookDelivery
    at: datetime
    request: dict[str, Any]
    seconds: float = 0.0
    status: int | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        """Return the seconds of `Retry-After`."""
        raw = self.answer.get("headers", {}).get("retry-after", "")
        return float(raw) if raw.isascii() and raw.isdigit() and len(raw) < 7 else None


def send_chain(endpoint: Webhook, deliveries: Sequence[WebhookDelivery], seconds: float) -> list[Attempt]:
    """Send the events of one conversation in order, and stop at the first failure."""
    began = monotonic()
    attempts: list[Attempt] = []
    for delivery in deliveries:
        attempts.append(send(endpoint, delivery, seconds))
        if not attempts[-1].succeeded or monotonic() - began > CHAIN_SECONDS:
            break
    return attempts


def send(endpoint: Webhook, delivery: WebhookDelivery, seconds: float = QUICK_TIMEOUT) -> Attempt:
    """Send one event. Failures of the endpoint are part of the result, not exceptions."""
    at = timezone.now()
    body = delivery.event.body.encode()
    headers = _headers(endpoint, delivery, at, body)
    shown = {name: value for name, value in headers.items() if name != "webhook-signature"}
    attempt = Attempt(delivery, at, {"url": shown_url(endpoint.url), "headers": shown})
    began = monotonic()
    try:
        https_only = endpoint.url.startswith("https:")
        answer = outgoing.post(endpoint.url, body, headers, https_only=https_only, seconds=seconds)
    except outgoing.OutgoingRefused:
        attempt.error = "The address leads to a network that this site does not call."
    except outgoing.OutgoingFailed as error:
        attempt.error = _redacted(str(error))[:300]
    except DomainError as error:
        attempt.error = error.message[:300]
    else:
        attempt.status = answer.status
        attempt.answer = _shown_answer(answer)
        attempt.error = "" if attempt.succeeded else f"The endpoint answered {answer.status}."
    attempt.seconds = monotonic() - began
    return attempt


def _headers(endpoint: Webhook, delivery: WebhookDelivery, at: datetime, body: bytes) -> dict[str, str]:
    webhook_id = webhook_id_of(delivery)
    stored = [endpoint.secret]
    if endpoint.previous_secret and endpoint.previous_secret_until and endpoint.previous_secret_until > at:
        stored.append(endpoint.previous_secret)
    secrets = [secret for one in stored if (secret := decrypted(one)) is not None]
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signature(secret, webhook_id, at, body) for secret in secrets),
    }


def webhook_id_of(delivery: WebhookDelivery) -> str:
    """Return the `webhook-id`. It is the same at every attempt and for every endpoint."""
    return f"msg_{delivery.event.event_id.hex}"


def shown_url(url: str) -> str:
    """Return the URL without its query, which may contain a token."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + ("?…" if parts.query else "")


def _shown_answer(answer: outgoing.OutgoingResponse) -> dict[str, Any]:
    text = answer.body[: KEPT_BODY * 4].decode("utf-8", "replace").replace("\x00", "�")
    return {
        "status": answer.status,
        "headers": {name: answer.headers[name][:200] for name in KEPT_HEADERS if name in answer.headers},
        "body": _redacted(text)[:KEPT_BODY],
    }


def _redacted(text: str) -> str:
    return _SECRETS.sub("[redacted]", text)
