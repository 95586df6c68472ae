"""Writing to conversations: group commit, its queue, its SQL and its recovery after a lost COMMIT."""
