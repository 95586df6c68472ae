from __future__ import annotations

from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import ensure_csrf_cookie


@ensure_csrf_cookie
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in with the shop's own form."""
    if request.method != "POST":
        return HttpResponse("Enter the shop")
    person = authenticate(request, email=request.POST["email"], password=request.POST["password"])
    if person is None:
        return HttpResponse("No", status=403)
    login(request, person)
    return HttpResponse("Welcome")
