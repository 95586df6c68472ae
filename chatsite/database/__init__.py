"""Database access off the event loop: threads, pipelined statements, batch loading and PostgreSQL arrays."""
