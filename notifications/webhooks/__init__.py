"""Webhooks: what happens in conversations, told to other systems by HTTP."""
