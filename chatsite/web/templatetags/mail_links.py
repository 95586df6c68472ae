"""Full addresses of the site's pages, for mails."""

from __future__ import annotations

from typing import Final

from django import template
from django.urls import reverse

from chatsite.http.site_url import site_url

register: Final = template.Library()


@register.simple_tag
def site_page(view: str, **named: str) -> str:
    return site_url(reverse(view, kwargs=named or None))
