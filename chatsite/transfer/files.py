"""The files of a source: in a folder beside it, by relative paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chatsite.errors import DomainError
from chatsite.legacy_import.rejection import RowRejected
from chatsite.transfer.records import SourceFile
from conversations.access import UserId
from conversations.attachments.operations import Upload, check_size, store_imported
from conversations.models import Attachment


def check_files(folder: Path | None, files: Sequence[SourceFile]) -> None:
    """Raise `RowRejected` unless every file is there, and of a size that the site takes."""
    for file in files:
        path = _path_of(folder, file)
        try:
            check_size(path.stat().st_size)
        except DomainError as error:
            raise RowRejected("bad_file", f"{file.path[:200]!r}: {error.message}") from error


def store_files(
    folder: Path | None, files: Sequence[SourceFile], owner_id: UserId | None
) -> list[Attachment]:
    """Store the files of a message, before the transaction that writes it.

    If the process is killed in between, nobody refers to them, and the job for unused uploads deletes them.
    """
    return [_store(_path_of(folder, file), file, owner_id) for file in files]


def _store(path: Path, file: SourceFile, owner_id: UserId | None) -> Attachment:
    try:
        with path.open("rb") as content:
            kind = "voice" if file.recording else ""
            upload = Upload(file=content, name=file.name, size=path.stat().st_size, kind=kind, alt=file.alt)
            return store_imported(owner_id, upload)
    except DomainError as error:
        if error.code == "unavailable":  # the storage: the run must stop, and not reject the message
            raise
        raise RowRejected("bad_file", f"{file.path[:200]!r}: {error.message}") from error


def _path_of(folder: Path | None, file: SourceFile) -> Path:
    """Return the path of the file. Refuse a path that leads out of the folder, also by a link."""
    if folder is None:
        raise RowRejected("no_files", "The message has files. Use --files, or --without-files.")
    try:
        path = (folder / file.path).resolve(strict=True)
    except (OSError, ValueError) as error:
        raise RowRejected("missing_file", f"There is no file {file.path[:200]!r}.") from error
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise RowRejected("bad_file", f"{file.path[:200]!r} is not a file in the folder of --files.")
    return path
