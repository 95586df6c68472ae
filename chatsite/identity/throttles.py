"""Limits on guessing passwords: tries of one account from anywhere, and of one address for any account. And the limit
on changes of a signed-in user, by REST from the same bucket as by sockets.

Tries are counted in the shared cache, in windows of time, with one atomic step for each, so that neither many processes
nor many requests at once get past. Without the cache nothing is counted: logins matter more than counting them.
"""

from __future__ import annotations

import ipaddress
import logging
import time
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
from chatsite.observability.metrics import measures
from chatsite.realtime.user_limit import user_buckets

if TYPE_CHECKING:  # REST framework imports this module while it imports its views
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Attempt:
    """One try, counted for its subject. `wait` is 0, or the seconds until the next try may be made.

    `scope` names the rate in REST_FRAMEWORK's DEFAULT_THROTTLE_RATES. Only a keyed hash of the subject is stored.
    """

    def __init__(self, scope: str, subject: str) -> None:
        self._key, most, period, rest = _window(scope, subject)
        self.wait = rest if self._count(period) > most else 0.0
        if self.wait:
            measures.rate_limited.add(1, scope)

    def _count(self, period: int) -> int:
        try:
            return 1 if cache.add(self._key, 1, 2 * period) else cache.incr(self._key)
        except ValueError:  # a full cache dropped the count between the two steps
            return 1
        except CACHE_AWAY as error:
            logger.warning("the cache is away, so attempts are not limited: %s", error)
            return 0

    def give_back(self) -> None:
        """The try does not count after all."""
        try:
            cache.decr(self._key)
        except ValueError:
            logger.debug("the count was dropped already")
        except CACHE_AWAY as error:
            logger.warning("the cache is away, so attempts are not limited: %s", error)


def _parsed(rate: str) -> tuple[int, int]:
    """`"10/min"` as (10, 60 seconds)."""
    most, _, period = rate.partition("/")
    return int(most), _SECONDS[period[0]]


def _window(scope: str, subject: str) -> tuple[str, int, int, float]:
    """The key of the subject's count, the most that it may be, and the seconds of a window and of its rest."""
    most, period = _parsed(str(api_settings.DEFAULT_THROTTLE_RATES.get(scope) or THROTTLE_RATES[scope]))
    window, elapsed = divmod(time.time(), period)
    digest = salted_hmac("chatsite.identity.throttles", subject, algorithm="sha256").hexdigest()[:32]
    return f"{scope}:{digest}:{int(window)}", most, period, period - elapsed


def account_of(username: str) -> str:
    """One name for all spellings of an account's."""
    return get_user_model().normalize_username(username).strip().lower()


def wait_of_account(username: str) -> float:
    """The seconds for which the account is refused by now, or 0. Counts nothing."""
    key, most, _, rest = _window("login_account", account_of(username))
    try:
        return rest if cache.get(key, 0) > most else 0.0
    except CACHE_AWAY as error:
        logger.warning("the cache is away, so attempts are not limited: %s", error)
        return 0.0


def attempt_from_address(scope: str, request: Any) -> Attempt:
    """Count a try from the request's address; the request is Django's or REST framework's."""
    return Attempt(scope, _network(BaseThrottle().get_ident(request) or ""))


class ChangeThrottle(BaseThrottle):
    """Draws every request that may change something from the user's limit.

    A view whose changes cost others more than a message does says so by `throttle_cost`.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        self._wait = 0.0
        if request.method not in SAFE_METHODS and request.user.pk is not None:
            cost = getattr(view, "throttle_cost", 1.0)
            self._wait = user_buckets.take(str(request.user.pk), cost)
            if self._wait:
                measures.rate_limited.add(1, "user")
        return not self._wait

    def wait(self) -> float | None:
        return self._wait


class AddressThrottle(BaseThrottle):
    """Requests of one address; an IPv6 network of 64 bits is one address, since it is what one customer is given."""

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
    except ValueError:  # a socket file has no address, and a proxy may name a host
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return address
