"""Counters, histograms and gauges as plain numbers. The constructors register them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Final, Protocol

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]
Reading = float | Mapping[Labels, float]


class Instrument(Protocol):
    name: str

    def family(self) -> Metric:
        """Return the present numbers, for prometheus-client."""
        ...


instruments: Final[list[Instrument]] = []
_lock = Lock()


class Counter:
    """A number that only grows. `add` is thread-safe.

    `values` maps label values to numbers. Code of the event loop may change it if no other thread counts there.
    """

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self.name = name
        self.values: dict[Labels, int] = {} if labels else {(): 0}
        self._text = text
        self._labels = labels
        instruments.append(self)

    def add(self, amount: int = 1, *labels: str) -> None:
        if amount:
            with _lock:
                self.values[labels] = self.values.get(labels, 0) + amount

    def family(self) -> Metric:
        family = CounterMetricFamily(self.name, self._text, labels=self._labels)
        for labels, value in list(self.values.items()):
            family.add_metric(labels, value)
        return family


class Histogram:
    """The number of values below each of the `bounds`. Thread-safe."""

    def __init__(self, name: str, text: str, bounds: Iterable[float]) -> None:
        self.name = name
        self._text = text
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        instruments.append(self)

    def observe(self, value: float) -> None:
        self.observe_all((value,))

    def observe_all(self, values: Iterable[float]) -> None:
        """Count several values, taking the lock once."""
        counts, bounds = self._counts, self._bounds
        with _lock:
            for value in values:
                counts[bisect_left(bounds, value)] += 1
                self._sum += value

    def family(self) -> Metric:
        with _lock:
            counts, total = list(self._counts), self._sum
        running, buckets = 0, []
        for bound, count in zip([*map(floatToGoString, self._bounds), "+Inf"], counts, strict=True):
            running += count
            buckets.append((bound, float(running)))
        family = HistogramMetricFamily(self.name, self._text)
        family.add_metric([], buckets, total)
        return family


class Gauge:
    """A number, or numbers by label values. `read` returns them, in the event loop, when `/metrics` is read."""

    def __init__(self, name: str, text: str, read: Callable[[], Reading], *labels: str) -> None:
        self.name = name
        self._text = text
        self._read = read
        self._labels = labels
        instruments.append(self)

    def family(self) -> Metric:
        family = GaugeMetricFamily(self.name, self._text, labels=self._labels)
        reading = self._read()
        for labels, value in ({(): reading} if isinstance(reading, (int, float)) else reading).items():
            family.add_metric(labels, value)
        return family
