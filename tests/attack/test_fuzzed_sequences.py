"""Operations of the OpenAPI document one after the other: what an answer names, the next request uses.

`HYPOTHESIS_PROFILE=long pytest tests/attack/test_fuzzed_sequences.py` looks for longer.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import Phase, seed, settings
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.checks import not_a_server_error
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.attack.fuzzing import FUZZ
from tests.conversations.conftest import hire_newcomers
from tests.harness.cast import Stage
from tests.harness.patience import patience
from tests.harness.rest import random_address

pytestmark = pytest.mark.one_database

RUNS: Final = max(8, FUZZ.max_examples // 20)
SETTINGS: Final = settings(
    FUZZ, derandomize=False, max_examples=8, stateful_step_count=10, phases=[Phase.generate]
)
CHECKS: Final[list[Any]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# A business of these people, who own it.
FOUND: Final = """
from conversations.models import Business, Membership
business = Business.objects.create(name="Sequences", slug="sequences")
for owner in {owners!r}:
    Membership.objects.create(business=business, user_id=owner, role="owner")
print(business.pk)
"""


@dataclass
class Office:
    """A business, its owners, of whom each scenario has another, and what they were answered."""

    url: str
    business_id: str
    owners: Iterator[str]
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, stage: Stage) -> Office:
        hire_newcomers(stage)
        logins = [stage.logins[stage.newcomer()] for _ in range(10)]
        answer = stage.deployment.shell(FOUND.format(owners=[login.user_id for login in logins]))
        url = stage.deployment.server(1).url
        return cls(url, answer.split()[-1], itertools.cycle([login.access for login in logins]))

    def use_own_business(self, case: Any) -> None:
        """An invented business is `not_found` and leads nowhere."""
        for values in (case.query, case.body):
            if isinstance(values, dict) and isinstance(values.get("businessId"), str):
                values["businessId"] = self.business_id


def machine(office: Office) -> type[APIStateMachine]:
    answer = httpx.get(f"{office.url}/api/schema?format=json", trust_env=False, timeout=patience(30))
    schema = schemathesis.openapi.from_dict(answer.json())

    class Sequence(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            super().setup()
            self.headers = {"Authorization": f"Bearer {next(office.owners)}"}

        def before_call(self, case: Any) -> None:
            office.use_own_business(case)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            headers = {**self.headers, "X-Forwarded-For": random_address()}
            return {"base_url": office.url, "headers": headers, "timeout": patience(20)}

        def after_call(self, response: Any, case: Any) -> None:
            office.answers[case.operation.label, response.status_code] += 1

        def validate_response(self, response: Any, case: Any, *more: Any, **options: Any) -> None:
            try:
                case.validate_response(response, checks=CHECKS)
            except BaseExceptionGroup as group:  # all are looked at before the verdict
                label = f"{case.operation.label} {response.status_code}"
                office.problems += [f"{label}: {str(one)[:900]}" for one in group.exceptions]

    return Sequence


def test_sequences_of_operations(siege_stage: Stage) -> None:
    office = Office.open(siege_stage)
    sequence = machine(office)
    for number in range(RUNS):
        try:
            run_state_machine_as_test(seed(number)(sequence), settings=SETTINGS)
        except FlakyStrategyDefinition:
            continue  # the site keeps what a scenario made, so the same beginning may lead elsewhere
    assert not office.problems, "\n\n".join(office.problems)
    succeeded = {label for label, status in office.answers if status < 300}
    of_made_objects = {label for label in succeeded if "{" in label}
    assert len(succeeded) >= 20, sorted(succeeded)
    assert len(of_made_objects) >= 5, sorted(of_made_objects)
