"""Files to upload. This module imports nothing of the site."""

from __future__ import annotations

import io
import math
from array import array
from typing import Any

import av
import pillow_heif
from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def picture(size: tuple[int, int] = (1200, 900), form: str = "JPEG", **options: Any) -> bytes:
    """Return a picture with some detail, so that every format needs more than a few bytes for it."""
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def with_place(size: tuple[int, int] = (640, 480), orientation: int = 1) -> bytes:
    """Return a photo whose metadata has a location and an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret camera"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return picture(size, exif=exif)


def heic(size: tuple[int, int] = (640, 480)) -> bytes:
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=60)
    return buffer.getvalue()


def animation(form: str, frames: int = 4) -> bytes:
    made = [Image.new("RGB", (60, 40), (50 * number, 10, 200)) for number in range(frames)]
    buffer = io.BytesIO()
    made[0].save(buffer, form, save_all=True, append_images=made[1:], duration=80, loop=0)
    return buffer.getvalue()


def recording(form: str, codec: str, seconds: float = 2.0) -> bytes:
    """Return a tone that grows louder, in a format that browsers record."""
    buffer, rate, size = io.BytesIO(), 48_000, 960
    with av.open(buffer, "w", format=form) as output:
        stream: Any = output.add_stream(codec, rate=rate, layout="mono")
        total = int(rate * seconds)
        for start in range(0, total, size):
            frame = av.AudioFrame(format="s16", layout="mono", samples=size)
            frame.rate = rate
            tone = (int(20_000 * at / total * math.sin(at / 17)) for at in range(start, start + size))
            frame.planes[0].update(array("h", tone).tobytes())
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def video(form: str = "mp4", codec: str = "libx264", size: tuple[int, int] = (320, 240)) -> bytes:
    """Return a video of two seconds, with a location in its metadata."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as output:
        output.metadata["location"] = "+52.5200+013.4050/"
        stream: Any = output.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        shown = Image.radial_gradient("L").resize(size).convert("RGB")
        for number in range(20):
            output.mux(stream.encode(_frame(shown.rotate(number))))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def _frame(image: Image.Image) -> Any:
    return av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
