"""Looks at a deployment as an operator would, and says what is wrong and what to do. `manage.py chat_doctor` runs it.

Each module brings checks: functions that yield `Finding`s and change nothing. A check that fails for a reason of its
own is a finding too, so one broken service never hides what is to be said of another.
"""
