"""Reach people who are away: Web Push, then mail, for what they have not read."""
