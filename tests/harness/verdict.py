"""A pytest plugin that reports skipped tests by their reason, and the server logs of a failed black-box test.

In CI a skipped test is a failure. Everywhere, a test during which a server process dies has failed.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Generator
from typing import TypeVar

import pytest

from tests.harness.backend import Deployment
from tests.harness.cast import Stage

Report = TypeVar("Report", pytest.CollectReport, pytest.TestReport)


class SkipsFail:
    """Report every skipped test as failed, because a test that CI skips protects nothing."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        return _failed_if_skipped((yield))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        return _failed_if_skipped((yield))


def _failed_if_skipped(report: Report) -> Report:
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"a failure under CI: {_reason(report)}"
    return report


def _reason(report: pytest.CollectReport | pytest.TestReport) -> str:
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List why tests were skipped: how many for each reason, and in which folders."""
    folders: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for report in terminalreporter.stats.get("skipped", []):
        folder = report.nodeid.partition("::")[0].rpartition("/")[0]
        folders[_reason(report).removeprefix("Skipped: ")][folder] += 1
    if folders:
        terminalreporter.section("skipped tests")
    for reason, counts in sorted(folders.items(), key=lambda entry: -entry[1].total()):
        where = ", ".join(f"{folder} {count}" for folder, count in sorted(counts.items()))
        terminalreporter.line(f"{counts.total():>5}  {reason} ({where})")


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(SkipsFail(), "skips-fail")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for deployment in _deployments(item):
            report.sections += [(f"log of {name}", text) for name, text in deployment.logs().items()]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Fail the test during which a shared server died, and not the tests after it."""
    deployments = _deployments(item)
    yield
    for deployment in deployments:
        deployment.check_servers()


def _deployments(item: pytest.Item) -> list[Deployment]:
    fixtures: dict[str, object] = getattr(item, "funcargs", {})
    return list({id(found): found for found in map(_deployment, fixtures.values()) if found}.values())


def _deployment(fixture: object) -> Deployment | None:
    if isinstance(fixture, Deployment):
        return fixture
    return fixture.deployment if isinstance(fixture, Stage) else None
