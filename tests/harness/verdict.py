"""A pytest plugin for what the suite's outcome means: under CI a skipped test is a failure, and a failed black-box
test shows what its servers said."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests.harness.backend import Deployment
from tests.harness.cast import Stage


class SkipsFail:
    """A test that CI skips guards nothing, however green the run looks."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped.append(f"{report.nodeid}: {_reason(report)}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append(f"{report.nodeid}: {_reason(report)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.skipped:
            terminalreporter.section("skipped under CI, so the run has failed", red=True)
            for line in self.skipped:
                terminalreporter.line(line)


def _reason(report: pytest.CollectReport | pytest.TestReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(SkipsFail(), "skips-fail")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        fixtures: dict[str, object] = getattr(item, "funcargs", {})
        for deployment in {
            id(found): found for found in map(_deployment, fixtures.values()) if found
        }.values():
            report.sections += [(f"log of {name}", text) for name, text in deployment.logs().items()]
    return report


def _deployment(fixture: object) -> Deployment | None:
    if isinstance(fixture, Deployment):
        return fixture
    return fixture.deployment if isinstance(fixture, Stage) else None
