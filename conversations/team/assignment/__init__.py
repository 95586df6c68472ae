"""Give conversations that nobody answers to members who are online."""
