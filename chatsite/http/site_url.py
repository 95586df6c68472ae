"""The full address of a page of this site, for mails and pushes, which no request tells the site's host."""

from __future__ import annotations

from django.conf import settings


def site_url(path: str) -> str:
    """Return the address of a path that `reverse` has made.

    `reverse` puts ROOT_PATH in front on the threads that serve requests, and on the thread that has loaded the
    settings. It does not do so on the threads of background jobs. SITE_URL already contains ROOT_PATH.
    """
    root: str = settings.ROOT_PATH
    below = path.removeprefix(root) if root and path.startswith(f"{root}/") else path
    return f"{settings.SITE_URL.rstrip('/')}{below}"
