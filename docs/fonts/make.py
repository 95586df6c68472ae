"""Makes the fonts in `chatsite/web/static/web/fonts/` from Figtree's variable font, and adjusts the fallback fonts.

    python docs/fonts/make.py 'Figtree[wght].ttf' [FALLBACK.ttf ...]

`Figtree[wght].ttf` is in the package fontpkg-figtree (SIL Open Font License) on PyPI. This needs fonttools and brotli,
which requirements-bench.lock and requirements-build.lock have. It prints the descriptors of the fallback fonts in
`tokens.css`.

`figtree.woff2` has what pages preload: the letters of western Europe and Poland. `figtree-ext.woff2` has the other
Latin letters, which browsers fetch when a page contains one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

FONTS: Final = Path(__file__).parents[2] / "chatsite" / "web" / "static" / "web" / "fonts"
WEIGHTS: Final = (400, 400, 700)  # least, default, most
BOLD: Final = 650  # what pages use most beside 400
FEATURES: Final = ("ccmp", "kern", "locl", "mark", "tnum")
POLISH: Final = "ĄąĆćĘęŁłŃńŚśŹźŻż"
PUNCTUATION: Final = "–—‘’‚“”„†•…‹›€™−←→↑↓"
LATIN: Final = frozenset({*range(0x20, 0x7F), *range(0xA0, 0x100), *map(ord, "ŒœŸẞ" + POLISH + PUNCTUATION)})
OTHER_LATIN: Final = frozenset({*range(0x100, 0x250), *range(0x1E00, 0x1F00)}) - LATIN
FILES: Final = {"figtree.woff2": LATIN, "figtree-ext.woff2": OTHER_LATIN}
SAMPLE: Final = (
    "Hello, is the blue touring bike still available? Yes, one is left. Would you like to try it this week? "
    "Guten Tag, ist das blaue Tourenrad noch zu haben? Ja, eines ist noch da. Am Donnerstag ab 17 Uhr?"
)


def make_font(source: Path, characters: frozenset[int], target: Path) -> None:
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = instantiateVariableFont(TTFont(source), {"wght": WEIGHTS})
    options = Options(layout_features=list(FEATURES), hinting=False, name_IDs=[0, 1, 2])
    options.drop_tables += ["DSIG", "STAT"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(target)


def adjustment(source: Path, fallback: Path) -> str:
    """Return the descriptors with which text in the fallback font takes as much room as in the typeface."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    other = TTFont(fallback)
    weight = 400 if other["OS/2"].usWeightClass < 600 else BOLD
    ours = instantiateVariableFont(TTFont(source), {"wght": weight})
    ratio = _width(ours) / _width(other)
    em = ours["head"].unitsPerEm * ratio
    up, down = (100 * height / em for height in (ours["hhea"].ascent, -ours["hhea"].descent))
    return f"size-adjust: {100 * ratio:.1f}%; ascent-override: {up:.1f}%; descent-override: {down:.1f}%"


def _width(font: Any) -> float:
    """Return the mean width of a letter, in parts of the font size."""
    glyphs, metrics = font.getBestCmap(), font["hmtx"]
    total = sum(metrics[glyphs[ord(letter)]][0] for letter in SAMPLE)
    return float(total / len(SAMPLE) / font["head"].unitsPerEm)


def main(source: str, *fallbacks: str) -> None:
    for name, characters in FILES.items():
        make_font(Path(source), characters, FONTS / name)
    for fallback in fallbacks:
        sys.stdout.write(f"{Path(fallback).stem}: {adjustment(Path(source), Path(fallback))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
