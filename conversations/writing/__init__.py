"""The code that changes conversations: `ConversationChange`, group commit, SQL, and recovery after a lost COMMIT."""
