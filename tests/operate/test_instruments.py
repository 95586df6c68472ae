"""Counters and histograms add up, from any thread."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Counter as HostCounter
from prometheus_client.parser import text_string_to_metric_families

from chatsite.observability.metrics import instruments
from chatsite.observability.metrics.endpoint import ChatCollector, new_registry
from chatsite.observability.metrics.instruments import Counter, Gauge, Histogram


@pytest.fixture(autouse=True)
def own_instruments(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kept = list(instruments.instruments)
    instruments.instruments.clear()
    yield
    instruments.instruments[:] = kept


def shown() -> dict[str, float]:
    text = generate_latest(new_registry()).decode()
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if family.name.startswith("test_")
    }


def test_a_counter_counts_from_threads() -> None:
    counter = Counter("test_things", "Things.", "kind")

    def count() -> None:
        for _ in range(5_000):
            counter.add(1, "a")

    with ThreadPoolExecutor(8) as threads:
        for _ in range(8):
            threads.submit(count)
    counter.add(0, "b")
    assert shown() == {"test_things_total[('kind', 'a')]": 40_000}


def test_a_histogram_puts_each_value_in_its_bucket() -> None:
    histogram = Histogram("test_seconds", "Time.", (0.1, 1))
    histogram.observe(0.1)
    histogram.observe_all([0.05, 0.5, 1, 7])
    numbers = shown()
    assert [numbers[f"test_seconds_bucket[('le', '{le}')]"] for le in ("0.1", "1.0", "+Inf")] == [2, 4, 5]
    assert numbers["test_seconds_count[]"] == 5
    assert numbers["test_seconds_sum[]"] == pytest.approx(8.65)


def test_a_gauge_that_cannot_be_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> float:
        raise RuntimeError("no runtime yet")

    Gauge("test_broken", "Broken.", broken)
    Gauge("test_depth", "Depth.", lambda: {("a",): 1.0, ("b",): 2.0}, "of")
    assert shown() == {"test_depth[('of', 'a')]": 1, "test_depth[('of', 'b')]": 2}
    assert "the metric test_broken cannot be read" in caplog.text


def test_a_host_registers_the_metrics_in_its_own_registry() -> None:
    Counter("test_things", "Things.").add(3)
    registry = CollectorRegistry()
    HostCounter("shop_orders", "Orders of the host project", registry=registry)
    registry.register(ChatCollector())
    text = generate_latest(registry).decode()
    assert "shop_orders_total 0.0" in text
    assert "test_things_total 3.0" in text
