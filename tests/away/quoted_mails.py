"""Replies as mail programs write them, with the mail that they quote."""

from __future__ import annotations

# What mail programs put below an answer.
QUOTES = {
    "gmail": """Yes, please!

On Sun, Nov 29, 2026 at 12:00 PM Flora's Flowers <
chat@chat.example> wrote:

> Flora's Flowers:
> Shall we deliver it?
>
""",
    "gmail german": """Yes, please!

Am So., 29. Nov. 2026 um 12:00 Uhr schrieb Flora's Flowers <chat@chat.example>:

> Flora's Flowers:
> Shall we deliver it?
""",
    "outlook": """Yes, please!

________________________________
From: Flora's Flowers <chat@chat.example>
Sent: Sunday, November 29, 2026 12:00 PM
To: Carol <carol@mail.example>
Subject: Messages from Flora's Flowers

Flora's Flowers:
Shall we deliver it?
""",
    "outlook german": """Yes, please!

Von: Flora's Flowers <chat@chat.example>
Gesendet: Sonntag, 29. November 2026 12:00
An: Carol <carol@mail.example>
Betreff: Nachrichten von Flora's Flowers

Flora's Flowers:
Shall we deliver it?
""",
    "apple mail": """Yes, please!

> On 29. Nov 2026, at 12:00, Flora's Flowers <chat@chat.example> wrote:
>
> Flora's Flowers:
> Shall we deliver it?
""",
    "iphone": """Yes, please!

Sent from my iPhone

> On Nov 29, 2026, at 12:00 PM, Flora's Flowers <chat@chat.example> wrote:
>
> Shall we deliver it?
""",
    "signature": """Yes, please!

-- \nCarol Jensen
Tel. 0123
""",
}

HTML = """<html><head><style>p { color: red }</style></head><body><div dir="ltr">Yes, please!</div><br>
<div class="gmail_quote"><div>On Sunday Flora wrote:</div><blockquote>Shall we deliver it?</blockquote>
</div></body></html>"""
