"""Reactions: emoji that participants add to messages."""
