"""Canned answers: texts that members insert into a message by a short code."""
