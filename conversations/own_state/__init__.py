"""What one person keeps of a conversation for themselves: mute, pin, and where it is unread again."""
