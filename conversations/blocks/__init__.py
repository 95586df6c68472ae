"""Blocks: one side of a conversation stops messages of the other, without a notice to it."""
