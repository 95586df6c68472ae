"""Reports as CSV that a spreadsheet shows, and never executes."""

from __future__ import annotations

import csv
import io
from typing import Final

from conversations.team.reports.requests import TeamReportObject

# A cell that begins with one of these may be taken for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet could execute."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text.startswith(_FORMULA) else text


def report_csv(shown: TeamReportObject) -> str:
    """Return the report as CSV, one line for each row. Times are in seconds."""
    names = list(shown.rows[0].values) if shown.rows else []
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["key", "name", *names])
    for row in shown.rows:
        numbers = ["" if (value := row.values[name]) is None else value for name in names]
        writer.writerow([safe_cell(row.key or ""), safe_cell(row.name), *numbers])
    return file.getvalue()
