"""Delivery of events to sockets. This package knows no app.

An operation passes `Event`s to `broadcast`. After the commit, the `Hub` of the process delivers them to its own sockets
and publishes them once per group for the other processes. A `Session` is one connected user on any transport. Apps add
commands and hooks through `registry`.

Events are delivered at most once. The database has everything, and a client that missed an event uses `sync`.
"""
