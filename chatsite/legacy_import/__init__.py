"""Moves the old single `messages` table into conversations and notifications: `manage.py import_legacy_messages`.

The way of a row: `source` reads it in the order of (created, id), `plan` decides what becomes of it with the help of
`people` and `kinds`, `writing` stores a batch of plans together with their bookkeeping in one transaction. `run`
drives that; `verify` and `undo` are its check and its inverse, `describe` looks without touching. `docs/migration.md`
is the operator's view.

A row is done when a `LegacyRow` names it, and that row is written in the transaction of what it became. So a kill at
any point loses at most the batch under way, and every run is a resumption: it walks all keys of the old table, skips
the ones that are done, and thereby also finds rows that are older than what it has seen before.
"""
