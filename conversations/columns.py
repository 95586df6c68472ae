"""The columns of messages and conversations, declared once.

Rows, inserts, updates and wire objects are derived from these declarations. A column of the model that is not
declared here, or a declared column that the wire object does not show, fails when the module is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from functools import cached_property
from typing import Any, Final

import msgspec
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from conversations.models import ChatMessage, Conversation
from conversations.preview_objects import (
    last_files_from_json,
    last_reaction_from_json,
    last_sender_from_json,
)


class Written(Flag):
    """The statements that write a column."""

    ONCE = 0  # only the statement that creates the row
    SEND = auto()  # the INSERT of a new message; the other columns of the message keep their defaults
    RECEIPT = auto()  # a delivered or read receipt
    CHANGE = auto()  # every other change of an existing row


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `shown` is the name of the wire object's field; None hides the column from clients.

    A change of an existing row writes a column only if `written` has `CHANGE`.
    """

    name: str
    written: Written = Written.ONCE
    shown: str | None = None
    convert: Callable[[Any], Any] | None = None  # turns the column's value into the field's


class Table:
    """The columns of one model, in the order in which rows are read."""

    def __init__(self, model: type[Model], *columns: Column) -> None:
        self.model = model
        self.columns: Final = columns
        self.names: Final = tuple(column.name for column in columns)
        declared, existing = set(self.names), {field.attname for field in model._meta.concrete_fields}
        if missing := existing - declared:
            raise ImproperlyConfigured(
                f"conversations.columns does not declare these columns of {model.__name__}: {_listed(missing)}."
            )
        if unknown := declared - existing:
            raise ImproperlyConfigured(f"{model.__name__} does not have these columns: {_listed(unknown)}.")

    @property
    def database_name(self) -> str:
        return self.model._meta.db_table

    def written_by(self, writer: Written) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if writer in column.written)

    @cached_property
    def shown(self) -> tuple[Column, ...]:
        """Return the columns that clients see."""
        return tuple(column for column in self.columns if column.shown is not None)

    @cached_property
    def field_of(self) -> dict[str, str]:
        """Return the wire object's field for each column that clients see."""
        return {column.name: column.shown for column in self.columns if column.shown is not None}

    def check_object(self, wire_object: type[msgspec.Struct], *other_fields: str) -> None:
        """Raise unless the fields of the wire object are the shown columns in their order, and then `other_fields`.

        The values of `other_fields` do not come from this table.
        """
        expected = [*(column.shown for column in self.shown), *other_fields]
        fields, name = list(wire_object.__struct_fields__), wire_object.__name__
        if missing := {*map(str, expected)} - {*fields}:
            raise ImproperlyConfigured(f"{name} does not have these fields: {_listed(missing)}.")
        if unknown := {*fields} - {*map(str, expected)}:
            raise ImproperlyConfigured(
                f"conversations.columns does not show a column as these fields of {name}: {_listed(unknown)}."
            )
        if fields != expected:
            raise ImproperlyConfigured(
                f"The fields of {name} must have the order of conversations.columns: {', '.join(map(str, expected))}."
            )

    def row(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return a complete new row. Columns without a value get the model's default."""
        unknown = values.keys() - set(self.names)
        if unknown:
            raise KeyError(f"no such columns: {', '.join(sorted(unknown))}")
        return tuple(values[name] if name in values else self._defaults[name] for name in self.names)

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        blank = self.model()
        return {name: getattr(blank, name) for name in self.names}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _text_or_none(key: Any) -> str | None:
    return None if key is None else str(key)


def _is_set(at: Any) -> bool:
    return at is not None


_SEND, _RECEIPT, _CHANGE = Written.SEND, Written.RECEIPT, Written.CHANGE

MESSAGES: Final = Table(
    ChatMessage,
    Column("id", _SEND, "id"),
    Column("conversation_id", _SEND, "conversation_id"),
    Column("seq", _SEND, "seq"),
    Column("rev", _SEND | _RECEIPT | _CHANGE, "rev"),
    Column("sender_id", _SEND | _CHANGE, "sender_id", _text_or_none),
    Column("sender_side", _SEND, "sender_side"),
    Column("client_id", _SEND | _CHANGE, "client_id"),
    Column("content", _SEND | _CHANGE, "content"),
    Column("message_type", _SEND, "message_type"),
    Column("status", _RECEIPT, "status"),
    Column("delivered_at", _RECEIPT, "delivered_at"),
    Column("read_at", _RECEIPT, "read_at"),
    Column("edited_at", _CHANGE, "edited_at"),
    Column("deleted_at", _CHANGE, "deleted_at"),
    Column("reply_to_id", _SEND, "reply_to"),
    Column("created_at", _SEND, "created_at"),
    Column("reactions", _CHANGE, "reactions"),  # JSON, or empty
    Column("attachments", _SEND | _CHANGE, "attachments"),  # likewise
    Column("sender_kind", _SEND, "sender_kind"),
    Column("via", _SEND, "via"),  # clients see no field if it is empty
    Column("hidden_at", _CHANGE),  # clients see a hidden message as deleted
)

CONVERSATIONS: Final = Table(
    Conversation,
    Column("id", shown="id"),
    Column("business_id", shown="business_id"),
    Column("customer_id", shown="customer_id", convert=str),
    Column("last_message", _CHANGE, "last_message"),
    Column("last_message_at", _CHANGE, "last_message_at"),
    Column("last_seq", _CHANGE, "last_seq"),
    Column("rev", _CHANGE, "rev"),
    Column("business_unread", _CHANGE, "business_unread_count"),
    Column("customer_unread", _CHANGE, "customer_unread_count"),
    Column("frozen_at", _CHANGE, "frozen", _is_set),
    Column("created_at", shown="created_at"),
    Column("updated_at", _CHANGE, "updated_at"),  # or that of the reader's own side, if that is later
    Column("last_files", _CHANGE, "last_files", last_files_from_json),
    Column("last_reaction", _CHANGE, "last_reaction", last_reaction_from_json),
    Column("last_sender", _CHANGE, "last_sender", last_sender_from_json),
    Column("active_at", _CHANGE),
    Column("customer_archived", _CHANGE),  # clients see that of their own side as `archived`
    Column("business_archived", _CHANGE),
    Column("rewritten_rev", _CHANGE),
    Column("customer_blocked", _CHANGE),  # `blocked` is whether the reader's side blocks the other
    Column("business_blocked", _CHANGE),
    Column("blocked_members", _CHANGE),
    Column("marks", _CHANGE),
    Column("customer_updated_at", _CHANGE),
    Column("business_updated_at", _CHANGE),
)
