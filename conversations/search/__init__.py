"""Finding messages: their text as tokens, the index, and the query."""
