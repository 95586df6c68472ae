"""Pictures are re-encoded: upright, without metadata, and with a thumbnail."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.attachments.contents import animation, heic, picture, with_place
from tests.attachments.files import Scene, body
from tests.conversations.people import client_of


def fetched(scene: Scene, content: bytes, name: str = "photo.jpg") -> tuple[dict[str, Any], bytes, bytes]:
    """Return the attachment as the other side sees it, its bytes and its thumbnail."""
    scene.sent(content, name)
    [shown] = scene.shown(scene.member)["attachments"]
    client = client_of(scene.member)
    return shown, body(client.get(shown["url"])), body(client.get(shown["thumbnailUrl"]))


def test_no_metadata_survives(scene: Scene, tmp_path: Path) -> None:
    content = with_place()
    assert b"Secret camera" in content
    shown, stored, thumbnail = fetched(scene, content)
    assert shown["contentType"] == "image/jpeg"
    for copy in (stored, thumbnail):
        image = Image.open(io.BytesIO(copy))
        assert not image.getexif()
        assert not image.info.keys() & {"exif", "xmp", "icc_profile", "comment"}
        assert b"Secret camera" not in copy
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed: only Pillow has looked for metadata")
    for number, copy in enumerate((content, stored, thumbnail)):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(copy)
        listed = subprocess.run(["exiftool", "-a", "-G1", path], capture_output=True, text=True).stdout
        assert ("GPS" in listed) == (number == 0)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_picture_is_turned_upright(scene: Scene, orientation: int) -> None:
    shown, stored, thumbnail = fetched(scene, with_place((640, 480), orientation))
    size = (640, 480) if orientation == 3 else (480, 640)
    assert (shown["width"], shown["height"]) == size
    assert Image.open(io.BytesIO(stored)).size == size
    assert Image.open(io.BytesIO(thumbnail)).size[0] <= size[0]


def test_a_thumbnail_fits_its_frame(scene: Scene) -> None:
    _, _, thumbnail = fetched(scene, picture((3000, 1000)))
    image = Image.open(io.BytesIO(thumbnail))
    assert (image.format, image.size) == ("WEBP", (840, 280))


def test_a_picture_of_a_phone_is_shown_by_every_browser(scene: Scene) -> None:
    shown, stored, _ = fetched(scene, heic(), "IMG_0001.HEIC")
    assert (shown["name"], shown["contentType"]) == ("IMG_0001.jpg", "image/jpeg")
    assert Image.open(io.BytesIO(stored)).format == "JPEG"


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_an_animation_stays_one(scene: Scene, form: str) -> None:
    _, stored, _ = fetched(scene, animation(form), f"dance.{form.lower()}")
    image = Image.open(io.BytesIO(stored))
    assert (image.format, getattr(image, "n_frames", 1)) == (form, 4)
    image.load()
    assert image.info["duration"] == 80


def test_transparency_stays(scene: Scene) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (50, 50), (255, 0, 0, 0)).save(buffer, "PNG")
    _, stored, _ = fetched(scene, buffer.getvalue(), "logo.png")
    assert Image.open(io.BytesIO(stored)).convert("RGBA").getpixel((0, 0)) == (255, 0, 0, 0)
