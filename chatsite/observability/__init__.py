"""Logs, the access log, metrics and health checks."""
