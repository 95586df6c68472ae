"""How large the things are that a finger presses."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Page

# A box belongs to its label, and a first step is one link as a whole. Left out are links in a sentence and in a type
# (WCAG 2.5.8), and reactions, which are 36 pixels high.
SMALL: Final = """
() => {
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const isText = (node) => node.nodeType === 3 && node.textContent.trim().length > 1;
  const isInSentence = (node) => node.matches("a") && [...node.parentElement.childNodes].some(isText);
  const targetOf = (node) => node.closest(".setup-step") || (node.matches("input") && node.closest("label")) || node;
  const all = "button, select, textarea, summary, a[href], input:not([type=hidden])";
  const targets = new Set([...document.querySelectorAll(all)].filter(isSeen).map(targetOf));
  return [...targets]
    .filter((node) => !node.closest(".visually-hidden, .skip, .reaction, .reference-fields") && !isInSentence(node))
    .map((node) => [node.getBoundingClientRect(), node])
    .filter(([box]) => box.width > 1 && box.height > 0 && box.height < 44)
    .map(([box, node]) => [box.height, node.tagName, node.className, node.ariaLabel ?? node.innerText])
    .map((words) => words.join(" ").slice(0, 90));
}
"""


async def small_targets(page: Page) -> list[str]:
    """Return what is lower than 44 pixels: the height, and what it is."""
    small: list[str] = await page.evaluate(SMALL)
    return small
