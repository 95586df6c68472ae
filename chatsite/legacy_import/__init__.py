"""Move an old `messages` table into conversations and notifications: `manage.py import_legacy_messages`.

`source_table` reads the rows in the order of (created, id). `plan` turns each row into a message, a notification or a
rejection. It uses `parsing` for values, `directory` for users and businesses, and `notification_mapping` for rows that
are not chat messages. `batch_writer` stores a batch in one transaction. `importer` runs all of these. `verify` compares
the old table with the import, `undo` removes the import, and `table_summary` prints `--describe`. `docs/migration.md`
is the guide for operators.

A row has been moved when a `LegacyRow` exists for it. The same transaction writes the `LegacyRow` and the message, so a
kill loses at most the current batch. Every run reads all keys of the old table and skips the rows that have been moved.
So it also finds rows that are older than the last one that was moved.
"""
