"""Reach people who are away about unread messages: by Web Push, then by mail."""
