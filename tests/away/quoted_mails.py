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
    "iphone german": """Yes, please!

Von meinem iPhone gesendet

> Am 29.11.2026 um 12:00 schrieb Flora's Flowers <chat@chat.example>:
>
> Shall we deliver it?
""",
    "outlook on a phone": """Yes, please!

Get Outlook for iOS<https://aka.ms/o0ukef>
________________________________
From: Flora's Flowers <chat@chat.example>
Sent: Sunday, November 29, 2026 12:00:00 PM
To: Carol <carol@mail.example>
Subject: Messages from Flora's Flowers

Flora's Flowers:
Shall we deliver it?
""",
    "outlook of 2016, german": """Yes, please!

-----Ursprüngliche Nachricht-----
Von: Flora's Flowers <chat@chat.example>
Gesendet: Sonntag, 29. November 2026 12:00
An: Carol <carol@mail.example>
Betreff: Nachrichten von Flora's Flowers

Flora's Flowers:
Shall we deliver it?
""",
    "gmail in a language that the site does not speak": """Yes, please!

Le dim. 29 nov. 2026 à 12:00, Flora's Flowers <
chat@chat.example> a écrit :

> Flora's Flowers:
> Shall we deliver it?
""",
    "outlook in a language that the site does not speak": """Yes, please!

________________________________
De : Flora's Flowers <chat@chat.example>
Envoyé : dimanche 29 novembre 2026 12:00
À : Carol <carol@mail.example>
Objet : Messages from Flora's Flowers

Flora's Flowers:
Shall we deliver it?
""",
    "below the quote": """On Sun, Nov 29, 2026 at 12:00 PM Flora's Flowers <chat@chat.example> wrote:

> Flora's Flowers:
> Shall we deliver it?
>
Yes, please!
""",
    "signature": """Yes, please!

-- \nCarol Jensen
Tel. 0123
""",
}

# What people write, and what no rule may cut off.
TEXTS = {
    "list": """Three things:

- roses
- tulips
- a vase

And on Friday, please.""",
    "first words": "Sent from the shop by Anna, I think.",
    "address": "I wrote to chat@chat.example on Sunday.\nNobody answered.",
    "wrote": "On Sunday my mother wrote: I want roses.\nSo do I.",
}

# Mails without a text part.
PAGES = {
    "gmail": """<html><head><style>p { color: red }</style></head><body><div dir="ltr">Yes, please!</div><br>
<div class="gmail_quote"><div>On Sunday Flora wrote:</div><blockquote>Shall we deliver it?</blockquote>
</div></body></html>""",
    "gmail, below the quote": """<div dir="ltr"><div class="gmail_quote"><div class="gmail_attr">On Sun, Nov 29, 2026 at
12:00 PM Flora's Flowers &lt;<a href="mailto:chat@chat.example">chat@chat.example</a>&gt; wrote:<br></div>
<blockquote class="gmail_quote">Shall we deliver it?</blockquote></div><div>Yes, please!</div></div>""",
    "outlook": """<html><head><style><!-- p.MsoNormal {margin:0cm} --></style></head><body>
<div class="WordSection1"><p class="MsoNormal"><span>Yes, please!<o:p></o:p></span></p>
<p class="MsoNormal"><o:p>&nbsp;</o:p></p><div style="border:none;border-top:solid #E1E1E1 1.0pt">
<p class="MsoNormal"><b><span>From:</span></b><span> Flora's Flowers &lt;chat@chat.example&gt; <br><b>Sent:</b> Sunday,
November 29, 2026 12:00 PM<br><b>To:</b> Carol &lt;carol@mail.example&gt;<br><b>Subject:</b> Messages</span></p></div>
<p class="MsoNormal">Shall we deliver it?</p></div></body></html>""",
    "outlook on the web": """<html><body><div class="elementToProof">Yes, please!</div><div id="appendonsend"></div>
<hr><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Flora<br><b>Sent:</b> Sunday</div><div>Shall we deliver it?</div>
</body></html>""",
    "apple mail": """<html><body>Yes, please!<br><div><br><blockquote type="cite"><div>On 29. Nov 2026, at 12:00,
Flora's Flowers &lt;chat@chat.example&gt; wrote:</div><br><div>Shall we deliver it?</div></blockquote></div>
</body></html>""",
}
