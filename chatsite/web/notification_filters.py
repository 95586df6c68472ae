"""The filters of the notifications, for the page and for the bell."""

from __future__ import annotations

from notifications import types


def type_choices(*, is_member: bool) -> list[dict[str, str]]:
    """Return the filters, those of a project's own types last. The bell has the same."""
    return [{"name": name, "text": label} for name, label in types.labels(is_member=is_member).items()]
