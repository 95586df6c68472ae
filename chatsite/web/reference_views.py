"""`/api/events`: a page to browse the live protocol, made of the AsyncAPI document. It needs no scripts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe

from chatsite.realtime.asyncapi import document
from chatsite.web.decorators import page
from chatsite.web.event_reference import reference_of


@require_safe
@page
def event_reference(request: HttpRequest) -> HttpResponse:
    """Show every command, event and object. Like the document, the page is in English."""
    found = document(host=request.get_host(), secure=request.is_secure())
    with override("en"):
        return render(request, "web/event_reference.html", {"reference": reference_of(found)})
