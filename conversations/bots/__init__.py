"""Bots: members of a business that are programs, and their API keys."""
