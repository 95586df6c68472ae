"""Rate limits: login attempts of one account and of one address, and changes of one signed-in user.

Login attempts are counted in the shared cache in time windows. Each count is one atomic step, so the limit holds for
any number of processes and concurrent requests. While the cache cannot be reached, attempts are not limited, because
users must be able to log in. REST requests and sockets of a user share one limit on changes.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.utils.crypto import salted_hmac
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from chatsite.config.defaults import THROTTLE_RATES
from chatsite.identity.cache import CACHE_AWAY
from chatsite.identity.models import ApiKey
from chatsite.observability.metrics import measures
from chatsite.realtime.user_limit import user_buckets

if TYPE_CHECKING:  # REST framework imports this module while it imports its views
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Window:
    """The current time window of one subject's count."""

    key: str  # of the count in the cache
    limit: int
    seconds: int
    seconds_left: float

    @classmethod
    def now(cls, scope: str, subject: str) -> Window:
        rate = str(
            api_settings.DEFAULT_THROTTLE_RATES.get(scope) or THROTTLE_RATES[scope]
        )  # such as "10/min"
        limit, _, period = rate.partition("/")
        seconds = _SECONDS[period[0]]
        number, elapsed = divmod(time.time(), seconds)
        digest = salted_hmac("chatsite.identity.throttles", subject, algorithm="sha256").hexdigest()[:32]
        return cls(f"{scope}:{digest}:{int(number)}", int(limit), seconds, seconds - elapsed)


class Attempt:
    """Counts one attempt of a subject. `wait` is 0, or the seconds until the next allowed attempt.

    `scope` names the rate in REST_FRAMEWORK's DEFAULT_THROTTLE_RATES. Only a keyed hash of the subject is stored.
    """

    def __init__(self, scope: str, subject: str) -> None:
        self._window = Window.now(scope, subject)
        self.wait = self._window.seconds_left if self._count() > self._window.limit else 0.0
        if self.wait:
            measures.rate_limited.add(1, scope)

    def _count(self) -> int:
        key, lifetime = self._window.key, 2 * self._window.seconds
        try:
            return 1 if cache.add(key, 1, lifetime) else cache.incr(key)
        except ValueError:  # a full cache evicted the count between the two steps
            return 1
        except CACHE_AWAY as error:
            logger.warning("the cache cannot be reached, so attempts are not limited: %s", error)
            return 0

    def uncount(self) -> None:
        """Uncount the attempt."""
        try:
            cache.decr(self._window.key)
        except ValueError:
            logger.debug("the cache has evicted the count already")
        except CACHE_AWAY as error:
            logger.warning("the cache cannot be reached, so attempts are not limited: %s", error)


def account_of(username: str) -> str:
    """Normalise a username, so that all its spellings share one count."""
    return get_user_model().normalize_username(username).strip().lower()


def wait_of_account(username: str) -> float:
    """Return how many seconds the account stays blocked, or 0. Does not count an attempt."""
    window = Window.now("login_account", account_of(username))
    try:
        return window.seconds_left if cache.get(window.key, 0) > window.limit else 0.0
    except CACHE_AWAY as error:
        logger.warning("the cache cannot be reached, so attempts are not limited: %s", error)
        return 0.0


def attempt_from_address(scope: str, request: Any) -> Attempt:
    """Count an attempt from the address of a request of Django or REST framework."""
    return Attempt(scope, _network(BaseThrottle().get_ident(request) or ""))


class ChangeThrottle(BaseThrottle):
    """Counts every unsafe request against the user's limit on changes.

    Every request of an API key counts against a limit of the key's own, too.

    A view sets `throttle_cost` if its changes cost more than a message. The exception handler calls the view's
    `give_back_charge` if the same limit refuses the rest of the request.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        self._wait = 0.0
        if isinstance(request.auth, ApiKey):
            # The reads of a key count too, in a separate bucket.
            self._wait = user_buckets.take(f"key:{request.auth.pk}")
            if self._wait:
                measures.rate_limited.add(1, "key")
                return False
        if request.method not in SAFE_METHODS and request.user.pk is not None:
            cost = getattr(view, "throttle_cost", 1.0)
            user_id = str(request.user.pk)
            self._wait = user_buckets.take(user_id, cost)
            if self._wait:
                measures.rate_limited.add(1, "user")
            else:
                view.give_back_charge = partial(user_buckets.give_back, user_id, cost)  # type: ignore[attr-defined]
        return not self._wait

    def wait(self) -> float | None:
        return self._wait


class AddressThrottle(BaseThrottle):
    """Limits requests from one address. A /64 network of IPv6 counts as one address, because one customer gets it."""

    scope = "login_refresh"

    def allow_request(self, request: Request, view: APIView) -> bool:
        self._attempt = attempt_from_address(self.scope, request)
        return not self._attempt.wait

    def wait(self) -> float | None:
        return self._attempt.wait


class LoginAddressThrottle(AddressThrottle):
    scope = "login_address"


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket has no address, and a proxy may send a host name
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return address
