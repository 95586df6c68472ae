"""Attachments: files that people upload, and send with messages."""
