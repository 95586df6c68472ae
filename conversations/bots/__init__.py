"""Bots: members of a business that are programs, and the API keys by which they act."""
