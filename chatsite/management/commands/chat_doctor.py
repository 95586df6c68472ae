"""`manage.py chat_doctor`: check a deployment, and say what to do about each problem."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.doctor import attachments, away, broker, database, jobs, proxy, site
from chatsite.doctor.findings import Finding, guarded


class Command(BaseCommand):
    help = (
        "Check the settings, the database, Redis and the channel layer, and with --url the proxy. Changes nothing. "
        "The exit code is 0 if no check failed, 1 if a check failed, and 2 for warnings with --strict."
    )
    requires_system_checks = ()  # a bad environment is reported as a finding

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", help="the public address of the site, such as https://chat.example.com")
        parser.add_argument("--processes", type=int, default=1, help="the number of server processes")
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
        parser.add_argument("--strict", action="store_true", help="exit with 2 if there are warnings")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(self._examine(options))
        if options["json"]:
            self._print_json(findings)
        else:
            self._print_lines(findings)
        levels = Counter(finding.level for finding in findings)
        if levels["fail"]:
            raise CommandError(f"{levels['fail']} failed, {levels['warn']} warnings")
        if levels["warn"] and options["strict"]:
            raise CommandError(f"{levels['warn']} warnings", returncode=2)

    @staticmethod
    def _examine(options: dict[str, Any]) -> Iterator[Finding]:
        yield from guarded("settings", site.examine)
        yield from guarded("database", partial(database.examine, options["processes"]))
        yield from guarded("redis", broker.examine)
        yield from guarded("attachments", attachments.examine)
        yield from guarded("away", away.examine)
        yield from guarded("jobs", jobs.examine)
        if options["url"]:
            yield from guarded("proxy", partial(proxy.examine, options["url"]))

    def _print_json(self, findings: list[Finding]) -> None:
        levels = Counter(finding.level for finding in findings)
        summary = {level: levels[level] for level in ("ok", "warn", "fail")}
        self.stdout.write(
            json.dumps({"summary": summary, "findings": [asdict(f) for f in findings]}, indent=2)
        )

    def _print_lines(self, findings: list[Finding]) -> None:
        styles = {"ok": self.style.SUCCESS, "warn": self.style.WARNING, "fail": self.style.ERROR}
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            level = styles[finding.level](f"{finding.level:<4}")
            self.stdout.write(f"{level}  {finding.check:<{width}}  {finding.text}")
            if finding.advice:
                self.stdout.write(f"      {'':<{width}}  → {finding.advice}")
