"""Draw the pictures of `docs/performance.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Figures = dict[str, Any]


def draw(figures: Figures, folder: Path) -> None:
    """Write `bench-*.svg`, one for each measured section."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "bench", "figure.figsize": (7, 3.6), "axes.grid": True})
    folder.mkdir(parents=True, exist_ok=True)
    if "scaling" in figures:
        _rates(figures["scaling"]["pairs"], "pairs of people who talk", folder / "bench-pairs.svg")
        _rates(figures["scaling"]["processes"], "server processes", folder / "bench-processes.svg")
    if "history" in figures:
        _history(figures["history"], folder / "bench-history.svg")
    if "fan_out" in figures:
        _fan_out(figures["fan_out"], folder / "bench-fan-out.svg")


def _rates(by_name: Figures, label: str, path: Path) -> None:
    with _Chart(path, label, "durable messages a second") as axes:
        for name, found in by_name.items():
            axes.plot(list(found), [one["rate"] for one in found.values()], marker="o", label=name)


def _history(by_size: Figures, path: Path) -> None:
    names = {
        "bare_sql": "bare SQL",
        "plain_view": "plain DRF view",
        "page": "history page",
        "older_page": "older page",
        "list": "conversations",
    }
    sizes = [f"{int(size):,}" for size in by_size]
    with _Chart(path, "stored messages", "p50, ms") as axes:
        for key, name in names.items():
            axes.plot(sizes, [found[key]["p50"] for found in by_size.values()], marker="o", label=name)


def _fan_out(by_name: Figures, path: Path) -> None:
    with _Chart(path, "sockets of the conversation", "deliveries a second") as axes:
        for name, found in by_name.items():
            axes.plot(list(found), [one["rate"] for one in found.values()], marker="o", label=name)


class _Chart:
    """A pair of axes that start at zero, saved when the block ends."""

    def __init__(self, path: Path, x: str, y: str) -> None:
        from matplotlib import pyplot

        self._path = path
        self._figure, self._axes = pyplot.subplots(layout="constrained")
        self._axes.set(xlabel=x, ylabel=y)

    def __enter__(self) -> Any:
        return self._axes

    def __exit__(self, *_: object) -> None:
        from matplotlib import pyplot

        self._axes.set_ylim(bottom=0)
        self._axes.legend(frameon=False)
        self._figure.savefig(self._path, metadata={"Date": None})
        pyplot.close(self._figure)
