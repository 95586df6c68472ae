"""Queries, and the texts that they find or miss."""

from __future__ import annotations

from typing import Final

FINDS: Final[list[tuple[str, str]]] = [
    # Case, of all scripts.
    ("hello", "HELLO there"),
    ("ПРИВЕТ", "привет, мир"),
    ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
    ("օ", "Օրինակ"),
    # Accents and other marks.
    ("cafe", "Un café noir"),
    ("café", "Un cafe noir"),
    ("Zurich", "Zürich HB"),
    ("smorrebrod", "Smørrebrød"),
    ("lodz", "Łódź"),
    ("kitab", "kitāb"),
    ("كتاب", "كِتَابٌ"),
    ("שלום", "שָׁלוֹם"),
    ("елка", "ёлка"),
    # Turkish i, German ß, ligatures, full width.
    ("istanbul", "İSTANBUL"),
    ("İstanbul", "istanbul"),
    ("ısparta", "ISPARTA"),
    ("strasse", "Straße"),
    ("STRASSE", "straße"),
    ("straße", "STRASSE"),
    ("office", "oﬃce"),
    ("abc", "ＡＢＣ"),
    # Digits, order numbers, prices.
    ("A-1024", "Where is order A-1024?"),
    ("a-10", "Where is order A-1024?"),
    ("1024", "Where is order A-1024?"),
    ("A1024", "Order A1024"),
    ("100%", "It is 100% wool"),
    ("9,900", "9,900.00 EUR"),
    ("2024", "٢٠٢٤"),
    # URLs and addresses.
    ("example.com", "See https://www.example.com/shop?id=7"),
    ("https://www.example.com/shop", "See https://www.example.com/shop?id=7"),
    ("shop", "See https://www.example.com/shop?id=7"),
    ("carol@example.com", "Write to Carol@Example.com please"),
    # Words, prefixes, phrases, quotes.
    ("deliv", "When is the delivery?"),
    ("delivery when", "When is the delivery?"),
    ('"the delivery"', "When is the delivery?"),
    ("“the delivery”", "When is the delivery?"),
    ('"the delivery" when', "When is the delivery?"),
    ("don't", "Don’t worry"),
    ("o'brien", "O'Brien"),
    # Chinese, Japanese, Korean, Thai.
    ("東京", "私は東京都に住んでいます"),
    ("京都", "私は東京都に住んでいます"),
    ("東", "私は東京都に住んでいます"),
    ("す", "私は東京都に住んでいます"),
    ("东京都", "东京都的天气"),
    ("ﾄｳｷｮｳ", "トウキョウへ"),
    ("東京 tower", "東京Tower"),
    ("東京tower", "東京Tower"),
    ("주문", "주문했어요"),
    ("문했", "주문했어요"),
    ("สวัสดี", "สวัสดีครับ"),
    ("ครับ", "สวัสดีครับ"),
    # Emoji.
    ("🎉", "We did it 🎉🎉"),
    ("❤", "I ❤️ it"),
    ("👍", "👍🏽 ok"),
]

MISSES: Final[list[tuple[str, str]]] = [
    ("ello", "HELLO there"),
    ("delivery tomorrow", "When is the delivery?"),
    ('"delivery the"', "When is the delivery?"),
    ('"the deliv"', "When is the delivery?"),
    ("A-1024", "1024 A"),
    ("1024", "91024"),
    ("京東", "私は東京都に住んでいます"),
    ("東都", "私は東京都に住んでいます"),
    ("🎉", "We did it 🎈"),
    ("100", "10 0"),
    ("example.org", "See https://www.example.com/shop"),
    ("%", "100%"),
]
