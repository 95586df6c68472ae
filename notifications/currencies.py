"""The currencies that an offer can name: the active codes of ISO 4217 with their minor-unit digits.

Source: ISO 4217 list one, published by SIX (https://www.six-group.com/en/products-services/financial-information/
data-standards.html), as of 1 January 2026, when the euro replaced the Bulgarian lev. The list leaves out codes
that nobody pays with: funds codes (CHE, CLF, USN, ...), precious metals, bond units, accounting units (XAD, XDR, XSU,
XUA) and the codes for tests and for no currency.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

_DIGITS: Final[dict[int, str]] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
        "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
        "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD "
        "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
        "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}

MINOR_DIGITS: Final[dict[str, int]] = {
    code: digits for digits, codes in _DIGITS.items() for code in codes.split()
}


def amount_text(amount_minor: int, currency: str) -> str:
    """Return the amount in the currency's major unit: 129900 of EUR is "1299.00", 500 of JPY is "500"."""
    return f"{Decimal(amount_minor).scaleb(-MINOR_DIGITS[currency]):f}"
