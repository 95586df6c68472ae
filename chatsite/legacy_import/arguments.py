"""Declares the command's arguments and parses them into `ImportOptions`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import CommandParser

from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.options import CHAT_TYPES, ImportOptions, parse_pairs
from notifications import types

_MOST_IN_BATCH = 10_000


def add_import_arguments(parser: CommandParser) -> None:
    _add_action_arguments(parser)
    _add_source_arguments(parser)
    _add_lookup_arguments(parser)
    _add_conversion_arguments(parser)


def _add_action_arguments(parser: CommandParser) -> None:
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--describe", action="store_true", help="show the old table and the mapping, and stop"
    )
    action.add_argument("--verify", action="store_true", help="compare the old table with what was imported")
    action.add_argument("--undo", action="store_true", help="remove exactly what was imported")
    parser.add_argument("--dry-run", action="store_true", help="report what would be done, change nothing")


def _add_source_arguments(parser: CommandParser) -> None:
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument("--database", default="default", metavar="ALIAS", help="where the old table is")
    origin.add_argument(
        "--source", default="", metavar="URL", help="the same as postgresql:// or sqlite:/// URL"
    )
    parser.add_argument("--table", default="messages", help="the old table (SCHEMA.TABLE on PostgreSQL)")
    parser.add_argument(
        "--name", default="", help="what the bookkeeping calls it; by default from where it is"
    )
    parser.add_argument(
        "--map", default="", metavar="FIELD=COLUMN,…", help="columns; FIELD=- leaves a field out"
    )
    parser.add_argument("--since", default="", metavar="TIME", help="only rows created at this time or later")


def _add_lookup_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--users", choices=("id", "username", "email"), default="id", help="how users are matched"
    )
    parser.add_argument("--user-map", type=Path, metavar="FILE.csv", help="old reference, new one")
    parser.add_argument("--business-map", type=Path, metavar="FILE.csv", help="old reference, new id or slug")
    parser.add_argument("--create-businesses", action="store_true", help="make businesses that are not there")
    parser.add_argument("--default-business", default="", metavar="SLUG", help="where several are possible")
    parser.add_argument(
        "--former-members",
        action="store_true",
        help="a sender who is not the customer speaks for the business",
    )


def _add_conversion_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--chat-types", default="", metavar="TYPE,…", help=f"by default {','.join(sorted(CHAT_TYPES))}"
    )
    parser.add_argument("--type-map", default="", metavar="OLD=NEW,…", help="types of notifications")
    parser.add_argument("--timezone", default="UTC", help="of times that have none")
    parser.add_argument(
        "--strip-nul", action="store_true", help="take NULs out of texts instead of rejecting"
    )
    parser.add_argument("--batch", type=int, default=2000, help="rows of one transaction")
    parser.add_argument("--rejects", type=Path, default=Path("rejects.jsonl"), metavar="FILE")
    parser.add_argument(
        "--progress", action="store_true", help="show progress where there is no terminal too"
    )


def parse_options(options: dict[str, Any]) -> ImportOptions:
    """Validate the command line. Raises `ImportStopped`."""
    if not 1 <= options["batch"] <= _MOST_IN_BATCH:
        raise ImportStopped(f"--batch must be from 1 to {_MOST_IN_BATCH}.")
    chat_types = {part.strip().lower() for part in options["chat_types"].split(",") if part.strip()}
    names: tuple[str, ...] = (
        "database",
        "source",
        "table",
        "name",
        "users",
        "user_map",
        "business_map",
        "create_businesses",
    )
    names += ("default_business", "former_members", "strip_nul", "since", "batch", "dry_run", "rejects")
    return ImportOptions(
        **{name: options[name] for name in names},
        columns=parse_pairs(options["map"], "--map"),
        chat_types=frozenset(chat_types) or CHAT_TYPES,
        type_map=_type_map(options["type_map"]),
        timezone=_zone(options["timezone"]),
    )


def _type_map(text: str) -> dict[str, str]:
    chosen = parse_pairs(text, "--type-map")
    for name in chosen.values():
        if name not in types.names():
            raise ImportStopped(
                f"--type-map: there is no type {name!r}; there are {', '.join(types.names())}."
            )
    return {old.lower(): new for old, new in chosen.items()}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImportStopped(f"--timezone: there is no {name!r}.") from error
