"""Automatic answers: a welcome while the business is open, and an away answer while it is closed."""
