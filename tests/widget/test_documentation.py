"""The Python code in the documentation signs tokens that the site accepts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.widget.conftest import Exchange, Shop

DOCUMENT = Path(__file__).parents[2] / "docs" / "widget.md"


def test_the_python_snippet(shop: Shop, exchange: Exchange) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    scope: dict[str, Any] = {}
    exec(snippet, scope)
    token = scope["chat_token"](str(shop.site.pk), shop.secret.value, "42", "Ada")
    answer = exchange(token)
    assert answer.status_code == 201
    assert answer.json()["user"]["name"] == "Ada"
