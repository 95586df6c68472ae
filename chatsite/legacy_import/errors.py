"""Errors that stop an import. The command prints the text and exits with code 1."""

from __future__ import annotations


class ImportStopped(Exception):
    """The operator must change something first. No batch is left incomplete."""


class AlreadyRunning(ImportStopped):
    """Another process is importing or undoing the same table."""


class LockLost(ImportStopped):
    """Another process took over the import. The current batch was rolled back."""
