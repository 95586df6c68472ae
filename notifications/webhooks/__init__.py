"""Webhooks: events of conversations, sent to other systems over HTTP."""
