"""Every text of the pages, pushes and mails is in its catalogues, is translated, and equals the compiled catalogue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import polib
import pytest
from django.conf import settings
from django.utils.translation import templatize

ROOT: Final = Path(__file__).parents[2]
WEB: Final = ROOT / "chatsite" / "web"
LOCALE: Final = WEB / "locale"
PAGES: Final = sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))
NOTICES: Final = ROOT / "notifications"
CATALOGUES: Final = [*PAGES, *sorted(NOTICES.glob("locale/*/LC_MESSAGES/*.po"))]
STRING: Final = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
CALL: Final = re.compile(rf"\b(?:pgettext(?:_lazy)?\(\s*{STRING},|n?gettext(?:_lazy)?\(|_\()\s*u?{STRING}")
WITHOUT_CATALOGUE: Final = ("chatsite", "conversations", "presence")  # their texts are in that of the pages


def named(catalogue: Path) -> str:
    return f"{catalogue.parents[3].name}/{catalogue.parents[1].name}/{catalogue.stem}"


def texts_in(source: str) -> set[str]:
    found = (text[1:-1] for _, text in CALL.findall(source))
    return {re.sub(r"\\(.)", r"\1", text) for text in found}


def texts_of_scripts() -> set[str]:
    return {text for path in (WEB / "static").rglob("*.js") for text in texts_in(path.read_text())}


def texts_of_pages() -> set[str]:
    """Return the texts of the templates, as Django extracts them, and of the code."""
    templates = [path for kind in ("html", "txt") for path in (ROOT / "templates").rglob(f"*.{kind}")]
    sources = [templatize(path.read_text(), origin=str(path)) for path in templates]
    sources += [path.read_text() for folder in WITHOUT_CATALOGUE for path in (ROOT / folder).rglob("*.py")]
    return {text for source in sources for text in texts_in(source)}


def test_there_is_a_catalogue_for_each_language() -> None:
    wanted = {code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE}
    assert {catalogue.parents[1].name for catalogue in PAGES} == wanted
    assert len(PAGES) == 2 * len(wanted)
    assert len(CATALOGUES) == 3 * len(wanted)


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=named)
def test_nothing_is_untranslated(catalogue: Path) -> None:
    entries = [entry for entry in polib.pofile(str(catalogue)) if not entry.obsolete]
    assert [entry.msgid for entry in entries if not entry.translated()] == []


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=named)
def test_the_compiled_one_says_the_same(catalogue: Path) -> None:
    def contents(entries: Any) -> dict[tuple[str | None, str], object]:
        return {
            (entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr
            for entry in entries
            if not getattr(entry, "obsolete", False)
        }

    compiled = polib.mofile(str(catalogue.with_suffix(".mo")))
    assert contents(compiled) == contents(polib.pofile(str(catalogue)))


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=named)
def test_placeholders_survive_translation(catalogue: Path) -> None:
    def placeholders(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)[sd]|</?\w+>", text))

    for entry in polib.pofile(str(catalogue)):
        for text in [*entry.msgstr_plural.values()] or [entry.msgstr]:
            assert placeholders(text) == placeholders(entry.msgid), entry.msgid


def texts_of_notices() -> set[str]:
    return {text for path in NOTICES.rglob("*.py") for text in texts_in(path.read_text())}


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=named)
def test_the_catalogue_holds_the_texts_of_the_code_and_no_others(catalogue: Path) -> None:
    if catalogue.stem == "djangojs":
        wanted = texts_of_scripts()
    else:
        wanted = texts_of_pages() if catalogue in PAGES else texts_of_notices()
    assert len(wanted) > 10, "the extraction finds nothing"
    known = {entry.msgid for entry in polib.pofile(str(catalogue)) if not entry.obsolete}
    assert sorted(wanted ^ known) == [], "run `make messages` and translate what is new"
