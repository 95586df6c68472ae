"""Reactions: an emoji that a participant puts on a message."""
