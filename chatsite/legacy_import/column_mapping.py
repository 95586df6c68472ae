"""Which column of the old table holds what: by the operator's word, or by the usual names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chatsite.legacy_import.errors import ImportStopped

# Field → names, the likelier first. Compared without case, underscores and hyphens, so one entry stands for
# sender_id, senderId and SenderID.
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
    """A column of the old table with its database type as the database spells it."""

    name: str
    kind: str


@dataclass(frozen=True)
class ColumnMap:
    """Field → column name, and what is missing to import with it."""

    columns: Mapping[str, str]

    @property
    def missing(self) -> list[str]:
        """What has to be mapped before an import can run, in words."""
        found = [name for name in REQUIRED if name not in self.columns]
        if "sender" not in self.columns:
            found.append("sender")
        if not ({"business", "customer"} <= self.columns.keys() or "receiver" in self.columns):
            found.append("receiver (or business and customer)")
        return found

    def require(self) -> None:
        if self.missing:
            raise ImportStopped(
                f"No column found for: {', '.join(self.missing)}. Name them with --map; --describe shows the columns."
            )


def detect(columns: Sequence[Column], chosen: Mapping[str, str]) -> ColumnMap:
    """The operator's mapping, completed by the usual names. `field=-` leaves a field out."""
    present = {column.name for column in columns}
    for name, column in chosen.items():
        if name not in FIELDS:
            raise ImportStopped(f"--map knows no {name!r}; the fields are {', '.join(FIELDS)}.")
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
