"""A page ends before its bytes exceed the budget, and has at least one row."""

from __future__ import annotations

import pytest

from chatsite.http.api import encode
from chatsite.http.byte_budget import ByteBudget

pytestmark = pytest.mark.standalone

ITEMS = ["a" * length for length in (10, 20, 30)]
ALL = len(encode(ITEMS)) - 1  # the bytes between the brackets, and a comma after the last item


@pytest.mark.parametrize(
    ("most", "taken", "left"), [(ALL, 3, 0), (ALL + 5, 3, 5), (ALL - 1, 2, -1), (1, 1, None)]
)
def test_the_first_items_that_fit_are_taken(most: int, taken: int, left: int | None) -> None:
    budget = ByteBudget(most)
    assert budget.take_first(iter(ITEMS)) == ITEMS[:taken]
    if left is not None:
        assert budget.left == left


def test_a_page_without_rows_spends_nothing() -> None:
    budget = ByteBudget(100)
    assert budget.take_first([]) == []
    assert budget.left == 100


def test_all_or_none_are_taken() -> None:
    budget = ByteBudget(ALL)
    assert budget.take_all([*ITEMS, "one more"]) is None
    assert budget.left == ALL
    assert budget.take_all(ITEMS) == ITEMS
    assert budget.left == 0
