"""Bundles for each page, made from the collected files. Without the bundler pages load their modules."""

from __future__ import annotations

import gzip
import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import override_settings

from chatsite.web import static_files
from chatsite.web.static_files import ENTRIES, SPLIT_ENTRIES, BundledStaticStorage, make_bundles
from chatsite.web.templatetags import web_files
from chatsite.widget.pages import LOADER

pytestmark = pytest.mark.standalone

CHATSITE = Path(static_files.__file__).parents[1]
CLIENT = CHATSITE.parent / "clients" / "javascript" / "src"
MOST_OF_THE_WIDGET = 6 * 1024  # bytes over the wire
# Bytes of a page's script before compression: for customers, for members of a business, and in the widget.
MOST_OF_A_PAGE = {"web/app.js": 205_000, "web/team_app.js": 230_000, "widget/frame/main.js": 170_000}
PARTS_OF_THE_THREAD = {"attachment_viewer", "attachment_recorder_panel", "emoji_picker", "message_dialogs"}
PARTS_OF_MEMBERS = {
    "bulk_bar",
    "canned_answers",
    "customer_panel",
    "offer_maker",
    "saved_views",
    "assistant_panel",
}


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("static")
    for app in ("web", "widget"):
        shutil.copytree(CHATSITE / app / "static" / app, root / app)
    shutil.copytree(CLIENT, root / "chat-client")
    return root


def test_every_entry_becomes_one_file_with_its_source_map(collected: Path) -> None:
    made = make_bundles(collected)
    assert {f"bundles/{entry}" for entry in ENTRIES} <= {*made}
    for entry in set(ENTRIES) - {*SPLIT_ENTRIES}:
        text = (collected / "bundles" / entry).read_text()
        assert not re.search(r"""\b(from|import)\s*\(?["']\.{1,2}/|@import""", text), entry
        if entry.endswith(".js"):
            assert f"bundles/{entry}.map" in made
            assert f"sourceMappingURL={Path(entry).name}.map" in text


def stored(root: Path) -> BundledStaticStorage:
    return BundledStaticStorage(location=str(root), base_url=settings.STATIC_URL)


@pytest.mark.parametrize("entry", SPLIT_ENTRIES)
def test_what_a_page_needs_at_once_is_one_file(collected: Path, entry: str) -> None:
    made = make_bundles(collected)
    name = stored(collected).whole_of(entry)
    assert {name, f"{name}.map"} <= {*made}
    text = (collected / name).read_text()
    assert not re.search(r"""\b(from|import)["']\.""", text)
    assert len(text) < MOST_OF_A_PAGE[entry]
    parts = {
        target.partition(".")[0]: collected / "bundles/parts" / target
        for target in re.findall(r"""import\("\./([^"]+)"\)""", text)
    }
    assert {*parts} >= PARTS_OF_THE_THREAD
    assert ("notification_list" in parts) is entry.startswith("web/")
    assert PARTS_OF_MEMBERS & {*parts} == (PARTS_OF_MEMBERS if entry == "web/team_app.js" else set())
    for part in parts.values():
        fetched = re.findall(r"""\b(?:from|import)["']\./([^"']+)["']""", part.read_text())
        assert Path(name).name in fetched  # not a second copy of the page's modules


def test_parts_keep_the_names_by_which_they_are_imported(collected: Path) -> None:
    make_bundles(collected)
    storage = stored(collected)
    name = storage.whole_of("web/app.js")
    assert storage.hashed_name(name, ContentFile(b"changed")) == name
    immutable = re.compile(settings.WHITENOISE_IMMUTABLE_FILE_TEST)
    assert immutable.search(f"/static/{name}")
    assert immutable.search("/static/web/pages/app.47851cd22727.css")
    assert not immutable.search("/static/web/app.js")
    assert not immutable.search("/static/bundles/web/app.js")


def test_every_style_sheet_finds_the_typeface(collected: Path) -> None:
    make_bundles(collected)
    for entry in (name for name in ENTRIES if name.endswith(".css")):
        folder = (collected / "bundles" / entry).parent
        fonts = re.findall(r"url\(([^)]+\.woff2)\)", (folder / Path(entry).name).read_text())
        assert {(folder / font).resolve().name for font in fonts} == {"figtree.woff2", "figtree-ext.woff2"}
        assert all((folder / font).resolve().is_file() for font in fonts)


def test_rules_by_direction_stay(collected: Path) -> None:
    """By language, an Arabic message on an English page would be laid out from the left."""
    make_bundles(collected)
    sheets = [(collected / "bundles" / name).read_text() for name in ENTRIES if name.endswith(".css")]
    assert not any(":lang(" in sheet for sheet in sheets)
    assert any(":dir(rtl)" in sheet and "inset-inline-start:" in sheet for sheet in sheets)


def test_public_names_stay(collected: Path) -> None:
    """The loader on a business's page imports `Widget`."""
    make_bundles(collected)
    assert re.search(
        r"export\s*\{[^}]*\bas Widget\b", (collected / "bundles/widget/host/widget.js").read_text()
    )


def test_a_hosts_page_loads_little_before_the_chat_is_opened(collected: Path) -> None:
    make_bundles(collected)
    scripts = (LOADER, collected / "bundles/widget/host/widget.js")
    assert sum(len(gzip.compress(script.read_bytes())) for script in scripts) <= MOST_OF_THE_WIDGET


def test_nothing_is_compressed_twice_or_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = BundledStaticStorage(location=str(tmp_path), base_url=settings.STATIC_URL)
    storage.hashed_files = {"admin/a.js": "admin/a.1.js", "web/b.js": "web/b.2.js"}
    redoc = "drf_spectacular_sidecar/redoc/redoc.3.js"
    storage.hashed_files["drf_spectacular_sidecar/redoc/redoc.js"] = redoc
    for name in ("admin/a.js", "admin/a.1.js", "web/b.js", "web/b.2.js", redoc):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("let text;" * 100)
    paths = [*storage.hashed_files, *storage.hashed_files.values()]
    compressed = {name for name, _ in storage.compress_files(paths)}
    assert compressed == {"admin/a.1.js", "web/b.js", "web/b.2.js"}


def test_without_the_bundler_nothing_is_bundled(
    collected: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(static_files, "find_bundler", lambda: None)
    assert make_bundles(collected) == []
    assert "extra `build`" in caplog.text


def test_files_that_were_not_collected_keep_their_names(tmp_path: Path) -> None:
    with override_settings(DEBUG=False):
        storage = BundledStaticStorage(location=str(tmp_path), base_url=settings.STATIC_URL)
        assert storage.url("web/app.js") == f"{settings.STATIC_URL}web/app.js"
        assert not storage.has_bundle("web/app.js")


def test_development_serves_modules_and_preloads_them() -> None:
    with override_settings(DEBUG=True):
        assert web_files.bundle("web/app.js").endswith("/web/app.js")
        assert any(
            address.endswith("thread/thread.js") for address in web_files.modules_to_preload("web/app.js")
        )
