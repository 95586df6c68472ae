"""Run a function after the COMMIT, whose failure does not reach the caller of the transaction.

Django's `on_commit(robust=True)` does this for functions alone: for the exception of a `functools.partial` it raises
`AttributeError`, because it logs the `__qualname__`. The caller would then see a committed change as failed, and the
functions after this one would not run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

from django.db import transaction

P = ParamSpec("P")


def after_commit(function: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
    """Call the function after the COMMIT of the transaction, or now without one. Its exceptions are logged."""

    @functools.wraps(function)
    def call() -> None:
        function(*args, **kwargs)

    transaction.on_commit(call, robust=True)
