"""The site's settings with the bundles of production, which `tests/browser/bundles.py` collects.

A page of single modules sends some 180 requests, and takes nearly three times the processor time.
"""

from __future__ import annotations

from chatsite.settings import *  # noqa: F403
from chatsite.settings import BASE_DIR
from chatsite.settings import STATICFILES_DIRS as SITE_FOLDERS
from chatsite.settings import STORAGES as SITE_STORAGES

STORAGES = {**SITE_STORAGES, "staticfiles": {"BACKEND": "tests.browser.bundled_storage.EverBundledStorage"}}
STATICFILES_DIRS = [*SITE_FOLDERS, ("web/test-harness", BASE_DIR / "tests" / "browser" / "harness")]
# Serve the collected files alone, as where DEBUG is off.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = False
WHITENOISE_MAX_AGE = 60
