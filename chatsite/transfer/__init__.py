"""Conversations from files and to files: `manage.py import_conversations` and `export_conversations`.

A module for each format (`native`, `stream_chat`, `chatwoot`) reads a file line by line and yields records. `planning`
turns a record into a message of this site or a rejection, with the people that `people` finds or creates.
`batch_writing` stores a batch in one transaction. `importing` runs all of these, `verifying` compares a file with an
import, `undoing` removes an import, and `exporting` writes the documented form. `docs/importing.md` is the guide.

The bookkeeping is that of `legacy_import`: a `LegacyImport` for each source, a `LegacyRow` for each message.
"""
