"""Medians and percentiles of durations."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

Values = dict[str, float | None]


def percentile(values: Sequence[int], share: float) -> int:
    """Return the smallest value that is not below this share of the values (nearest rank)."""
    ordered = sorted(values)
    rank = -(-len(ordered) * round(share * 100) // 100)
    return ordered[max(1, rank) - 1]


def durations(by_clock: Sequence[int], in_hours: Sequence[int]) -> Values:
    """Return count, median and p90 of durations in seconds, by the clock and in business hours."""
    if not by_clock:
        return {"count": 0, "median": None, "p90": None, "medianOpen": None, "p90Open": None}
    return {
        "count": len(by_clock),
        "median": median(by_clock),
        "p90": percentile(by_clock, 0.9),
        "medianOpen": median(in_hours),
        "p90Open": percentile(in_hours, 0.9),
    }


def ratings(asked: int, scores: Sequence[int]) -> Values:
    """Return the mean score, and the share of ratings that are 4 or 5."""
    rated = len(scores)
    return {
        "asked": asked,
        "rated": rated,
        "mean": round(sum(scores) / rated, 2) if rated else None,
        "positiveShare": round(sum(score >= 4 for score in scores) / rated, 4) if rated else None,
    }
