"""Formats of dates and times for the languages that differ from Django's own (`FORMAT_MODULE_PATH`)."""
