"""A person's private state of a conversation: mute, pin, and a mark as unread."""
