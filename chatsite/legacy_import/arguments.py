"""Declare the command's arguments and parse them into `CommandOptions`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import CommandParser

from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.options import (
    CHAT_TYPES,
    Action,
    CommandOptions,
    ImportOptions,
    parse_pairs,
)
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
        "--describe", action="store_true", help="print the old table's columns and the mapping, then stop"
    )
    action.add_argument("--verify", action="store_true", help="compare the old table with what was imported")
    action.add_argument("--undo", action="store_true", help="remove exactly the imported rows")
    parser.add_argument("--dry-run", action="store_true", help="report what would be done and change nothing")


def _add_source_arguments(parser: CommandParser) -> None:
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument(
        "--database",
        default="default",
        metavar="ALIAS",
        help="database of the settings that holds the old table",
    )
    origin.add_argument(
        "--source",
        default="",
        metavar="URL",
        help="URL of another database that holds the old table (postgresql:// or sqlite:///)",
    )
    parser.add_argument(
        "--table", default="messages", help="name of the old table (SCHEMA.TABLE on PostgreSQL)"
    )
    parser.add_argument(
        "--name",
        default="",
        help="name of the old table in the import records (default: made from its location)",
    )
    parser.add_argument(
        "--map", default="", metavar="FIELD=COLUMN,…", help="columns to read; FIELD=- ignores a field"
    )
    parser.add_argument(
        "--since", default="", metavar="TIME", help="import only rows created at this time or later"
    )


def _add_lookup_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--users",
        choices=("id", "username", "email"),
        default="id",
        help="how the old table identifies users",
    )
    parser.add_argument(
        "--user-map", type=Path, metavar="FILE.csv", help="CSV file of old and new user references"
    )
    parser.add_argument(
        "--business-map",
        type=Path,
        metavar="FILE.csv",
        help="CSV file of old references and new ids or slugs",
    )
    parser.add_argument("--create-businesses", action="store_true", help="create missing businesses")
    parser.add_argument(
        "--default-business", default="", metavar="SLUG", help="business to use if several are possible"
    )
    parser.add_argument(
        "--former-members",
        action="store_true",
        help="treat a sender who is neither customer nor member as a former member",
    )


def _add_conversion_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--chat-types",
        default="",
        metavar="TYPE,…",
        help=f"types that are chat messages (default: {','.join(sorted(CHAT_TYPES))})",
    )
    parser.add_argument(
        "--type-map", default="", metavar="OLD=NEW,…", help="notification types for the other old types"
    )
    parser.add_argument("--timezone", default="UTC", help="time zone of times without one (default: UTC)")
    parser.add_argument(
        "--strip-nul",
        action="store_true",
        help="remove NUL characters from texts instead of rejecting the rows",
    )
    parser.add_argument("--batch", type=int, default=2000, help="rows per transaction (default: 2000)")
    parser.add_argument(
        "--rejects", type=Path, default=Path("rejects.jsonl"), metavar="FILE", help="file for rejected rows"
    )
    parser.add_argument("--progress", action="store_true", help="show progress even without a terminal")


def parse_options(options: dict[str, Any]) -> CommandOptions:
    """Validate the command line. Raises `ImportStopped`."""
    chosen = (action for action in Action if action is not Action.IMPORT and options[action])
    return CommandOptions(
        action=next(chosen, Action.IMPORT),
        progress=options["progress"],
        import_options=_import_options(options),
    )


def _import_options(options: dict[str, Any]) -> ImportOptions:
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
            raise ImportStopped(f"--type-map: unknown type {name!r}. Use one of {', '.join(types.names())}.")
    return {old.lower(): new for old, new in chosen.items()}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImportStopped(f"--timezone: unknown time zone {name!r}.") from error
