"""A killed import or undo leaves whole batches, and the next run ends with the result of a single run."""

from __future__ import annotations

import operator
import random
from functools import partial
from typing import Final

from tests.legacy.site import COUNT, Site

KILLS: Final = 3


def test_a_killed_import_goes_on(site: Site) -> None:
    total = sum(site.fates)
    hits = 0
    for target in sorted(random.sample(range(total - 500), KILLS)):
        hits += site.kill(when=partial(operator.lt, target))
        site.shell(COUNT)
    assert hits == KILLS
    site.finish()
    assert site.shell(COUNT)[:2] == site.fates
    assert "Messages moved: 0\n" in site.finish()
    assert "The old table and the import agree." in site.finish("--verify")


def test_a_killed_undo_goes_on(site: Site) -> None:
    site.finish()
    total = sum(site.fates)
    assert site.kill("--undo", when=lambda moved: moved < total)
    site.shell(COUNT)
    site.finish("--undo")
    assert site.shell(COUNT) == [0, 0, 0]
