"""Search of messages: tokens, the index and the query."""
