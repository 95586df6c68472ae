"""Saved views: filters of the list of conversations that a member keeps under a name."""
