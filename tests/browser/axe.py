"""What axe-core reports about a page, or about a frame in it."""

from __future__ import annotations

from playwright.async_api import Frame, Page


async def assert_accessible(place: Page | Frame, axe_source: str) -> None:
    """Assert that axe-core finds nothing serious or critical."""
    await place.evaluate(axe_source)
    # Without `preload`, which puts imported style sheets into the page again, against its policy.
    found = await place.evaluate("() => axe.run({resultTypes: ['violations'], preload: false})")
    bad = [
        (violation["id"], [node["html"][:160] for node in violation["nodes"][:3]])
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    assert not bad, bad
