"""How events travel, knowing no app.

An operation hands `Event`s to `broadcast`; after the commit the process's `Hub` gives them to its own sockets at once
and publishes them once per group for the other processes. A `Session` is one connected user on any transport; the
consumers are thin over it. Apps add commands and hooks through `registry`.

Delivery is at most once. What must not be lost is in the database, and clients close holes with `sync`.
"""
