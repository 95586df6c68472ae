"""Declare the arguments of `import_conversations` and parse them into `TransferOptions`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandParser

from chatsite.legacy_import.errors import ImportStopped
from chatsite.transfer.options import FORMATS, TransferOptions

_MOST_IN_BATCH: Final = 10_000
_NAME_LENGTH: Final = 200


def add_import_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", type=Path, help="the file to read; a file whose name ends in .gz is unpacked")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--verify", action="store_true", help="compare the file with what was imported")
    action.add_argument("--undo", action="store_true", help="remove exactly what was imported")
    parser.add_argument("--dry-run", action="store_true", help="report what would be done and store nothing")
    parser.add_argument("--format", choices=tuple(FORMATS), default="native", help="the form of the file")
    parser.add_argument("--name", default="", help="name of the source in the records (FORMAT:FILE)")
    _add_people(parser)
    parser.add_argument("--files", type=Path, metavar="DIR", help="the folder with the files of the messages")
    parser.add_argument("--without-files", action="store_true", help="import messages without their files")
    parser.add_argument("--batch", type=int, default=1000, help="messages per transaction (default: 1000)")
    parser.add_argument(
        "--rejects", type=Path, default=Path("rejects.jsonl"), help="file of rejected messages"
    )
    parser.add_argument("--progress", action="store_true", help="show progress even without a terminal")


def _add_people(parser: CommandParser) -> None:
    parser.add_argument(
        "--match",
        choices=("id", "username", "email"),
        default="",
        help="what identifies people on both sides (native: username, stream: id, chatwoot: email)",
    )
    parser.add_argument(
        "--user-map", type=Path, metavar="FILE.csv", help="CSV file of ids in the source and users here"
    )
    parser.add_argument(
        "--agents",
        type=Path,
        metavar="FILE",
        help="file of ids of people who write for the business, one on each line",
    )
    parser.add_argument(
        "--business", default="", metavar="SLUG", help="slug of the business for conversations that name none"
    )
    parser.add_argument("--create-businesses", action="store_true", help="create missing businesses")
    parser.add_argument("--create-people", action="store_true", help="create accounts that cannot sign in")
    parser.add_argument(
        "--former-members",
        action="store_true",
        help="accept messages for a business from senders who are not members",
    )


def parse_options(options: dict[str, Any]) -> TransferOptions:
    """Validate the command line. Raises `ImportStopped`."""
    if not 1 <= options["batch"] <= _MOST_IN_BATCH:
        raise ImportStopped(f"--batch must be from 1 to {_MOST_IN_BATCH}.")
    if options["files"] is not None and not options["files"].is_dir():
        raise ImportStopped(f"--files: {options['files']} is not a folder.")
    names: tuple[str, ...] = (
        "format",
        "name",
        "match",
        "user_map",
        "business",
        "create_businesses",
        "create_people",
    )
    names += ("former_members", "files", "without_files", "batch", "dry_run", "rejects")
    values = {name: options[name] for name in names}
    parsed = TransferOptions(path=options["file"], agents=_agents(options["agents"]), **values)
    if len(parsed.source_name) > _NAME_LENGTH:
        raise ImportStopped(f"--name has at most {_NAME_LENGTH} characters.")
    return parsed


def _agents(path: Path | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ImportStopped(f"--agents: {error}") from error
    return frozenset(filter(None, map(str.strip, lines)))
