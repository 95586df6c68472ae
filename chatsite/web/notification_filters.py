"""The filters of the notifications, for the page and for the bell."""

from __future__ import annotations

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications import types

TYPE_TEXTS: Final[dict[str, str | Promise]] = {
    "team_invitation": _("Invitations"),
    "offer": _("Offers"),
    "system": _("News"),
}


def type_choices() -> list[dict[str, Any]]:
    """Return the filters, those of a project's own types last. The bell has the same."""
    own = [name for name in types.names() if name not in TYPE_TEXTS]
    return [{"name": name, "text": str(TYPE_TEXTS.get(name, name))} for name in (*TYPE_TEXTS, *own)]
