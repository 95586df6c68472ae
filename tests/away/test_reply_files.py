"""The files in a mail reach the conversation, as different mail programs attach them."""

from __future__ import annotations

from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from io import BytesIO

import pytest
from PIL import Image
from pytest_django import Settings

from conversations.models import ChatMessage
from notifications.delivery.replies.receiving import receive_mail
from tests.away.conftest import Shop
from tests.away.test_replies import answer, replying

__all__ = ["replying"]  # a fixture
PDF = b"%PDF-1.4 a file"


def picture(edge: int) -> bytes:
    with BytesIO() as file:
        Image.effect_noise((edge, edge), 80).save(file, "PNG")
        return file.getvalue()


LOGO, PHOTO = picture(20), picture(300)


def pdf(disposition: str = "inline", name: str = "offer.pdf", content: bytes = PDF) -> MIMEApplication:
    part = MIMEApplication(content, "pdf")
    part.add_header("Content-Disposition", disposition, filename=name)
    return part


def image(content: bytes, name: str, cid: str = "") -> MIMEImage:
    part = MIMEImage(content, "png")
    part.add_header("Content-Disposition", "inline", filename=name)
    if cid:
        part.add_header("Content-ID", f"<{cid}>")
    return part


def multipart(kind: str, *parts: object) -> MIMEMultipart:
    made = MIMEMultipart(kind)
    for part in parts:
        made.attach(part)  # type: ignore[arg-type]
    return made


def html(cid: str = "") -> MIMEText:
    shown = f'<img src="cid:{cid}">' if cid else ""
    return MIMEText(f"<div>See the file {shown}</div>", "html")


PROGRAMS = {
    "gmail": (multipart("mixed", MIMEText("See the file"), pdf("attachment")), ["offer.pdf"]),
    "apple mail, rich text": (
        multipart("alternative", MIMEText("See the file"), multipart("mixed", html(), pdf(), html())),
        ["offer.pdf"],
    ),
    "iphone, a photo": (
        multipart("mixed", MIMEText("See the file"), image(PHOTO, "IMG_1.png"), MIMEText("\n\nSent")),
        ["IMG_1.png"],
    ),
    "apple mail, a photo in the text": (
        multipart(
            "alternative",
            MIMEText("See the file"),
            multipart("related", html("1"), image(PHOTO, "a.png", "1")),
        ),
        ["a.png"],
    ),
    "outlook, a logo in the signature": (
        multipart(
            "related",
            multipart("alternative", MIMEText("See the file"), html("1")),
            image(LOGO, "l.png", "1"),
        ),
        [],
    ),
    "outlook, signed": (
        multipart(
            "signed", MIMEText("See the file"), MIMEApplication(b"x", "pkcs7-signature", name="smime.p7s")
        ),
        [],
    ),
}


def sent(shop: Shop, body: MIMEMultipart) -> str:
    message = answer(shop)
    for name in ("Content-Type", "MIME-Version", "Content-Transfer-Encoding"):
        del message[name]
    head = "".join(f"{name}: {value}\n" for name, value in message.items())
    return receive_mail((head + body.as_string()).encode())


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_files_come_along(replying: Shop, program: str) -> None:
    body, names = PROGRAMS[program]
    assert sent(replying, body) == "accepted"
    row = ChatMessage.objects.get()
    assert row.content == "See the file"
    assert [one.name for one in row.files.all()] == names


def test_a_file_that_cannot_be_taken_does_not_keep_the_text_out(replying: Shop, settings: Settings) -> None:
    large = pdf("attachment", "la\u202erge.pdf", b"%PDF-1.4" + b"x" * settings.CHAT.attachment_bytes)
    body = multipart("mixed", MIMEText("See the files"), pdf("attachment"), large)
    assert sent(replying, body) == "accepted"
    row = ChatMessage.objects.get()
    assert row.content == "See the files\n\n[Not attached: large.pdf]"
    assert [one.name for one in row.files.all()] == ["offer.pdf"]


def test_more_files_than_a_message_holds_are_named(replying: Shop) -> None:
    files = [pdf("attachment", f"{number}.pdf") for number in range(12)]
    assert sent(replying, multipart("mixed", MIMEText("See the files"), *files)) == "accepted"
    row = ChatMessage.objects.get()
    assert row.content == "See the files\n\n[Not attached: 10.pdf, 11.pdf]"
    assert row.files.count() == 10


def test_a_mail_with_nothing_but_a_file_that_cannot_be_taken_becomes_no_message(
    replying: Shop, settings: Settings
) -> None:
    large = pdf("attachment", "large.pdf", b"%PDF-1.4" + b"x" * settings.CHAT.attachment_bytes)
    assert sent(replying, multipart("mixed", MIMEText(""), large)) == "no_file"
    assert not ChatMessage.objects.exists()


def test_an_attached_mail_is_left_out(replying: Shop) -> None:
    message = answer(replying, "See the mail")
    inner = EmailMessage()
    inner.set_content("inside")
    inner.add_attachment(PDF, maintype="application", subtype="pdf", filename="inside.pdf")
    message.add_attachment(inner)
    assert receive_mail(message.as_bytes()) == "accepted"
    assert ChatMessage.objects.get().files.count() == 0
