"""Assistants of the host project: functions that suggest, summarise or translate for the members of a business.

What they return is shown to the member who has asked, and is neither stored nor sent.
"""
