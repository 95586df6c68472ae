"""Mail about unread messages."""
