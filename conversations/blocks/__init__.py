"""Blocks: one side of a conversation stops messages of the other, which is not notified."""
