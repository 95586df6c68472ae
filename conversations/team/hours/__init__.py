"""Business hours: when a business is open, when it opens next, and how fast it answers."""
