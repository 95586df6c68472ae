"""Moderation: hiding, freezing, suspension, reports, the audit log, exports and erasure."""
