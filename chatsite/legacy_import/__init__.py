"""Moves the old single `messages` table into conversations and notifications: `manage.py import_legacy_messages`.

`source_table` reads the rows in the order of (created, id). `plan` decides what each row becomes, with `parsing` for
its values, `directory` for its users and businesses, and `notification_mapping` for what is not chat. `batch_writer`
stores a batch in one transaction. `importer` drives these; `verify` compares both sides, `undo` takes the import back,
and `table_summary` prints what `--describe` shows. `docs/migration.md` is for operators.

A row is done when a `LegacyRow` names it, and that row is written in the same transaction as what the old row became.
A kill loses at most the current batch. Every run resumes: it walks all keys of the old table and skips those that are
done, so it also finds rows that are older than the last one it moved.
"""
