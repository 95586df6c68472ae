"""List the modules that a page needs, so that the browser can fetch them in parallel."""

from __future__ import annotations

import functools
import posixpath
import re
from pathlib import Path
from typing import Final

from django.contrib.staticfiles import finders

_IMPORTED: Final = re.compile(r"""^(?:import|export)\b[^"';]*["'](\.[^"']+)["']""", re.MULTILINE)


@functools.cache
def modules_of(entry: str) -> tuple[str, ...]:
    """Return the static paths of `entry` and of everything that it imports, the nearest first."""
    found = [entry]
    for path in found:
        file = finders.find(path)
        if file is None:
            raise FileNotFoundError(f"{path}, which {entry} imports, is not a static file")
        for target in _IMPORTED.findall(Path(str(file)).read_text()):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if imported not in found:
                found.append(imported)
    return tuple(found)
