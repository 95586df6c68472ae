"""Typical files, created on the fly, and what the page shows of them."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import urljoin

import pillow_heif
from PIL import Image
from playwright.async_api import FilePayload, Locator

from tests.browser.threads import ThreadPage
from tests.harness.cast import Person
from tests.harness.rest import Json, eventually


def photo(
    name: str = "bike.jpg", size: tuple[int, int] = (640, 480), colour: str = "teal", kind: str = "JPEG"
) -> FilePayload:
    """Return a picture with a lighter middle that shows its orientation."""
    image = Image.new("RGB", size, colour)
    width, height = size
    image.paste("gold", (width // 4, height // 4, width // 2, height // 2))
    written = io.BytesIO()
    image.save(written, kind)
    return {"name": name, "mimeType": f"image/{kind.lower()}", "buffer": written.getvalue()}


def heic_photo(name: str = "IMG_2034.HEIC") -> FilePayload:
    """Return a photo as an iPhone takes it, with a location.

    Chromium cannot show HEIC, so it shows the server's version.
    """
    pillow_heif.register_heif_opener()
    image = Image.new("RGB", (800, 600), "salmon")
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    written = io.BytesIO()
    image.save(written, "HEIF", exif=exif.tobytes())
    return {"name": name, "mimeType": "image/heic", "buffer": written.getvalue()}


def pdf(name: str = "Invoice 2024.pdf", size: int = 40_000) -> FilePayload:
    head, tail = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\n", b"\ntrailer << >>\n%%EOF\n"
    filling = b"%" + b"x" * (size - len(head) - len(tail) - 2) + b"\n"
    return {"name": name, "mimeType": "application/pdf", "buffer": head + filling + tail}


async def attach(thread: ThreadPage, *files: FilePayload | Path, choice: str = "") -> None:
    """Choose files with the button.

    On a phone the button opens a menu, and `choice` is the entry. The browser reads a large file faster from a path.
    """
    # A server that reads too many files at once asks the page to try again.
    site = urljoin(thread.page.url, "/")
    busy = f"status of 503 (Service Unavailable) ({site}chat/uploads)"
    thread.page.allowed.append(busy)  # type: ignore[attr-defined]
    async with thread.page.expect_file_chooser() as chosen:
        await thread.root.get_by_role("button", name="Attach files").click()
        if choice:
            await thread.root.get_by_role("menuitem", name=choice).click()
    await (await chosen.value).set_files(list(files))  # type: ignore[arg-type]  # not both kinds at once


async def send(thread: ThreadPage, *files: FilePayload, text: str = "") -> None:
    await attach(thread, *files)
    await thread.field.fill(text)
    await thread.field.press("Enter")


async def upload_by_rest(person: Person, file: FilePayload, **fields: str) -> str:
    """Upload the file. Return the id of its attachment."""
    form = {"file": (file["name"], file["buffer"], file["mimeType"])}
    uploaded = await person.rest.http.post("/chat/uploads", files=form, data=fields)
    assert uploaded.status_code == 201, uploaded.text
    return str(uploaded.json()["id"])


async def send_by_rest(person: Person, where: str, *files: FilePayload, **fields: str) -> Json:
    """Send a message with these files, and wait until the server has processed them."""
    ids = [await upload_by_rest(person, file, **fields) for file in files]
    address = f"/chat/conversations/{where}/messages"
    sent = await person.rest.post(address, {"content": "", "attachmentIds": ids})

    async def ready() -> bool:
        message = await person.rest.get(f"/chat/messages/{sent['id']}")
        return all(one["state"] == "ready" for one in message["attachments"])

    await eventually(ready, "the server has processed the files")
    return sent


def picture(thread: ThreadPage, name: str) -> Locator:
    return thread.root.get_by_role("button", name=f"Photo: {name}")


async def is_drawn(shown: Locator) -> bool:
    """Return whether the picture of this tile has loaded."""
    image = shown.locator(".picture-image")
    return bool(await image.evaluate("image => image.complete && image.naturalWidth > 0"))
