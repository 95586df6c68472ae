"""Answers to mails, which become messages."""
