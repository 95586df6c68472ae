"""Describe the old table and the mapping for `--describe`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from chatsite.legacy_import import notification_mapping
from chatsite.legacy_import.column_mapping import ColumnMap
from chatsite.legacy_import.options import ImportOptions
from chatsite.legacy_import.source_table import SourceTable

_VALUES: Final = 30


def summarize_table(source: SourceTable, mapping: ColumnMap, options: ImportOptions) -> Iterator[str]:
    """Yield the description line by line."""
    yield f"Table {source.table}: about {source.estimate():,} rows."
    used = {column: name for name, column in mapping.columns.items()}
    width = max(len(column.name) for column in source.columns)
    yield "Columns:"
    for column in source.columns:
        meaning = f"→ {used[column.name]}" if column.name in used else ""
        yield f"  {column.name:<{width}}  {column.kind:<28} {meaning}".rstrip()
    for name in ("type", "status", "read", "message_type"):
        if name in mapping.columns:
            yield f"Values of {mapping.columns[name]}:"
            for value, count in source.values_of(mapping.columns[name], _VALUES):
                yield f"  {_shown(value):<28} {count:>12,}{_becomes(name, value, options)}"
    yield f"Mapping: --map {','.join(f'{name}={column}' for name, column in mapping.columns.items())}"
    yield f"Missing: {', '.join(mapping.missing) or 'nothing'}"
    if "type" not in mapping.columns:
        yield "There is no type column. Every row counts as a chat message."


def _becomes(name: str, value: Any, options: ImportOptions) -> str:
    if name != "type":
        return ""
    kind = _shown(value).strip().lower() if value else "none"
    if kind in options.chat_types:
        return "  → message"
    return f"  → notification: {notification_mapping.notification_type(kind, options.type_map)}"


def _shown(value: Any) -> str:
    return "(none)" if value is None else ascii(str(value))[1:-1][:60]
