"""Find the column of each field in the old table: the operator names it, or it has one of the usual names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chatsite.legacy_import.errors import ImportStopped

# The usual column names of each field, the most likely first. Case, underscores and hyphens are ignored, so `senderid`
# also stands for sender_id, senderId and SenderID.
USUAL_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "messageid", "uuid", "pk"),
    "type": ("type", "kind", "category", "notificationtype"),
    "sender": (
        "senderid",
        "sender",
        "fromuserid",
        "fromid",
        "fromuser",
        "authorid",
        "author",
        "userid",
        "createdby",
    ),
    "receiver": ("receiverid", "receiver", "recipientid", "recipient", "touserid", "toid", "touser"),
    "business": ("businessid", "business", "companyid", "company", "shopid", "storeid", "vendorid"),
    "customer": ("customerid", "customer", "clientid", "buyerid"),
    "content": ("content", "body", "text", "message", "messagetext"),
    "title": ("title", "subject"),
    "status": ("status", "state", "deliverystatus"),
    "read": ("isread", "read", "seen", "isseen", "readflag"),
    "read_at": ("readat", "seenat", "readtime", "readon"),
    "created": ("createdat", "created", "createdon", "sentat", "timestamp", "createdtime", "date", "time"),
    "payload": ("payload", "data", "metadata", "meta", "extra", "json"),
    "message_type": ("messagetype", "contenttype", "mediatype"),
    "deleted": ("deletedat", "isdeleted", "deleted"),
}
FIELDS: Final = tuple(USUAL_NAMES)
REQUIRED: Final = ("id", "created", "content")


@dataclass(frozen=True)
class Column:
    """A column of the old table, and the database's name of its type."""

    name: str
    kind: str


@dataclass(frozen=True)
class ColumnMap:
    """The column name of each field."""

    columns: Mapping[str, str]

    @property
    def missing(self) -> list[str]:
        """The fields that an import needs and that have no column."""
        found = [name for name in REQUIRED if name not in self.columns]
        if "sender" not in self.columns:
            found.append("sender")
        if not ({"business", "customer"} <= self.columns.keys() or "receiver" in self.columns):
            found.append("receiver (or business and customer)")
        return found

    def require(self) -> None:
        if self.missing:
            raise ImportStopped(
                f"No column found for: {', '.join(self.missing)}. Use --map; --describe shows the columns."
            )


def detect(columns: Sequence[Column], chosen: Mapping[str, str]) -> ColumnMap:
    """Return the operator's mapping, completed with columns of the usual names. `field=-` ignores a field."""
    present = {column.name for column in columns}
    for name, column in chosen.items():
        if name not in FIELDS:
            raise ImportStopped(f"--map: there is no field {name!r}. The fields are {', '.join(FIELDS)}.")
        if column != "-" and column not in present:
            raise ImportStopped(f"--map {name}={column}: the table has no such column.")
    by_plain_name = {_plain(column.name): column.name for column in columns}
    found = dict(chosen)
    for name, usual in USUAL_NAMES.items():
        if name in found:
            continue
        candidates = (by_plain_name[plain] for plain in usual if plain in by_plain_name)
        usual_column = next((candidate for candidate in candidates if candidate not in found.values()), None)
        if usual_column is not None:
            found[name] = usual_column
    return ColumnMap({name: found[name] for name in FIELDS if found.get(name, "-") != "-"})


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
