"""Bars: the values that figures must reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    name: str
    value: float
    least: float | None = None
    most: float | None = None
    unit: str = ""

    @property
    def is_met(self) -> bool:
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    def line(self) -> str:
        wanted = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"
        verdict = "met" if self.is_met else "NOT MET"
        return f"{self.name:<58}{self.value:>12,.2f} {self.unit:<8}{wanted:>12}  {verdict}"
