"""Blocks: one side of a conversation does not want to hear from the other, which is not told."""
