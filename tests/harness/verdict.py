"""A pytest plugin for what the suite's outcome means: under CI a skipped test is a failure, and a failed black-box
test shows what its servers said."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

from tests.harness.backend import Deployment
from tests.harness.cast import Stage

Report = TypeVar("Report", pytest.CollectReport, pytest.TestReport)


class SkipsFail:
    """A test that CI skips guards nothing, however green the run looks. So it is reported as one that failed, and is
    among those that failed last."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        return _failed_if_skipped((yield))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        return _failed_if_skipped((yield))


def _failed_if_skipped(report: Report) -> Report:
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"a failure under CI: {reason}"
    return report


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
