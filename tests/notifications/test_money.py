"""The server and the scripts format an amount of money in the same way, and neither rounds it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

from notifications.currencies import MINOR_DIGITS, amount_text
from notifications.money import amount_with_currency
from tests.client_js.node import node_environment

SCRIPT: Final = Path(__file__).parents[2] / "chatsite" / "web" / "static" / "web" / "thread" / "money.js"
SHOWN: Final = {
    ("en", "9900.00", "EUR"): "€9,900.00",
    ("en", "500", "JPY"): "¥500",
    ("en", "1000.500", "IQD"): "IQD\u00a01,000.500",
    ("en", "49.50", "AFN"): "AFN\u00a049.50",
    ("en", "999999999999999.99", "EUR"): "€999,999,999,999,999.99",
    ("de", "9900.00", "EUR"): "9.900,00\u00a0€",
    ("de", "0.05", "USD"): "0,05\u00a0$",
    ("de", "1000.500", "IQD"): "1.000,500\u00a0IQD",
}


@pytest.mark.standalone
@pytest.mark.parametrize(("given", "shown"), SHOWN.items())
def test_the_server(given: tuple[str, str, str], shown: str) -> None:
    language, amount, currency = given
    assert amount_with_currency(amount, currency, language) == shown


@pytest.mark.standalone
def test_a_language_without_formats_of_its_own() -> None:
    assert amount_with_currency("9900.00", "EUR", "xx-unknown") == "€9,900.00"


@pytest.mark.standalone
def test_the_scripts() -> None:
    script = f"""
        import {{ price }} from {json.dumps(SCRIPT.as_uri())};
        const written = {json.dumps(list(SHOWN))}.map(([lang, amount, currency]) => {{
          globalThis.document = {{ documentElement: {{ lang }} }};
          return price({{ amount, currency }});
        }});
        console.log(JSON.stringify(written));
    """
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, env=node_environment(), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == list(SHOWN.values())


@pytest.mark.standalone
@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(129900, "EUR", "1299.00"), (5, "USD", "0.05"), (500, "JPY", "500"), (1, "KWD", "0.001")],
)
def test_amounts_as_text(amount: int, currency: str, text: str) -> None:
    assert amount_text(amount, currency) == text


@pytest.mark.standalone
def test_the_currencies_are_codes() -> None:
    assert len(MINOR_DIGITS) == 155
    assert all(len(code) == 3 and code.isupper() and code.isascii() for code in MINOR_DIGITS)
