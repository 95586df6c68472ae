"""Django admin without the slash at the end of its address."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.parametrize("path", ["/admin", "/admin/conversations/business"])
def test_it_leads_to_the_address_with_a_slash(client: Client, path: str) -> None:
    answer = client.get(f"{path}?q=1")
    assert answer.status_code == 302
    assert answer["Location"] == f"{path}/?q=1"


def test_a_form_is_not_redirected(client: Client) -> None:
    assert client.post("/admin/login").status_code == 404


@pytest.mark.parametrize("path", ["/administration", "/adminx/"])
def test_other_addresses_are_not_found(client: Client, db: None, path: str) -> None:
    assert client.get(path).status_code == 404
