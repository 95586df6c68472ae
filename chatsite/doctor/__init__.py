"""The checks of `manage.py chat_doctor`: what is wrong with a deployment, and what to do about it.

The checks are functions that yield `Finding`s and change nothing. If a check raises an exception, that is a finding
too, so a broken service does not hide the findings about the others.
"""
