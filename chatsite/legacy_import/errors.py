"""What stops an import. The command shows the text and ends with exit code 1."""

from __future__ import annotations


class ImportStopped(Exception):
    """The operator has to change something first; nothing is half-done."""


class AlreadyRunning(ImportStopped):
    """Another process is importing or undoing the same table."""


class LockLost(ImportStopped):
    """Another process took the import over; the batch under way was rolled back."""
