"""A `manage.py shell` that keeps running, so that code of tests runs in an existing process of the deployment."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Final

from tests.harness.patience import patience
from tests.harness.processes import Process, Starter

STOP_SECONDS = 15
STANDARD_ERROR: Final = 2

# Reads a line with a program, runs it and answers a line: what it printed, and the traceback if it failed. A program
# gets names of its own and fresh connections, as a new process would.
SERVE: Final = """
import contextlib, io, json, os, sys, traceback
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import close_old_connections
# People who are created here get weak password hashes, which logins accept and replace. Real ones are so slow
# that creating the people would take longer than most tests.
PBKDF2PasswordHasher.iterations = 1000
requests, answers = sys.stdin, sys.stdout
for line in requests:
    printed, failure = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(json.loads(line), {"__name__": "__main__"})
        except BaseException:
            failure = traceback.format_exc()
        finally:
            close_old_connections()
    answers.write(json.dumps([printed.getvalue(), failure]) + "\\n")
    answers.flush()
os._exit(0)  # to take everything apart at the end would take a fifth of the time of the start
"""


class ShellFailed(Exception):
    """The program raised an exception, or its process has ended. The message has the end of its output."""


class Shell:
    """Started by the first `run`, ended by `close`."""

    def __init__(self, starter: Starter) -> None:
        self._starter = starter
        self._process: Process | None = None

    def run(self, code: str) -> str:
        """Run a program, and return its output."""
        process = self._process or self._start()
        with suppress(BrokenPipeError):  # then the process has ended
            self._requests.write(json.dumps(code) + "\n")
            self._requests.flush()
        answer = self._answers.readline()
        if not answer:
            raise ShellFailed(f"the process has ended with {process.wait(patience(STOP_SECONDS))}:\n{code}")
        printed, failure = json.loads(answer)
        if failure:
            raise ShellFailed(f"{printed[-2000:]}\n{failure[-4000:]}")
        return str(printed)

    def command(self, *arguments: str) -> str:
        """Run a management command, and return its standard output."""
        return self.run(f"from django.core.management import call_command; call_command(*{arguments!r})")

    def close(self) -> None:
        if self._process:
            self._requests.close()  # which ends the process
            self._process.wait(patience(STOP_SECONDS))
            self._answers.close()
            self._process = None

    def _start(self) -> Process:
        stdin, requests = os.pipe()
        answers, output = os.pipe()
        arguments = ["manage.py", "shell", "--verbosity", "0", "-c", SERVE]
        self._process = self._starter.start(arguments, output, stdin=stdin, errors=STANDARD_ERROR)
        os.close(stdin)
        os.close(output)
        self._requests, self._answers = os.fdopen(requests, "w"), os.fdopen(answers)
        return self._process
