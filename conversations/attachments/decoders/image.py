"""Decodes pictures: `probe SOURCE` and `convert SOURCE FOLDER`.

A picture is encoded again from its pixels, turned upright and in sRGB. So no metadata survives, and nothing that was
hidden behind or between them.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps, ImageSequence

from conversations.attachments.decoders.child_limits import Unreadable, run_decoder

PIXELS: Final = 100_000_000  # of a picture, and of all frames of an animated one
FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "HEIF", "AVIF")
THUMBNAIL: Final = (840, 560)
PLACEHOLDER: Final = (16, 16)
_SUFFIXES: Final = {"JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "WEBP": ".webp"}
_ROTATED: Final = frozenset({5, 6, 7, 8})  # values of Exif's orientation that swap width and height
_ORIENTATION: Final = 0x0112
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "JPEG": {"quality": 88, "optimize": False},
    "PNG": {"compress_level": 4},
    "WEBP": {"quality": 88, "method": 3},
    "GIF": {},
}


def probe(source: str) -> dict[str, Any]:
    """Return the displayed width and height, and a placeholder of a few pixels."""
    with _open(source) as image:
        width, height = image.size
        # Formats other than JPEG are turned by the decoder or carry no orientation that is honoured.
        if image.getexif().get(_ORIENTATION) in _ROTATED:
            width, height = height, width
        image.draft("RGB", (64, 64))
        tiny = ImageOps.exif_transpose(_loaded(image))
        tiny.thumbnail(PLACEHOLDER)
        return {"width": width, "height": height, "placeholder": _as_data_uri(_plain(tiny))}


def convert(source: str, folder: str) -> dict[str, Any]:
    """Write the clean picture and its thumbnail into the folder."""
    with _open(source) as image:
        if getattr(image, "n_frames", 1) > 1 and image.format in {"GIF", "WEBP", "PNG"}:
            written, first = _write_animation(image, Path(folder))
        else:
            written, first = _write_picture(image, Path(folder))
    width, height = first.size
    # A box filter does most of the shrinking. WebP's slower methods save hardly any bytes of a picture this small.
    first.thumbnail(THUMBNAIL, reducing_gap=1.0)
    thumbnail = Path(folder, "thumbnail.webp")
    _plain(first).save(thumbnail, "WEBP", quality=80, method=1)
    return {"file": written.name, "thumbnail": thumbnail.name, "width": width, "height": height}


def _open(source: str) -> Image.Image:
    """The picture with its header read. The number of pixels is checked before any is decoded."""
    if _is_iso_media(source):
        register_heif()
    Image.MAX_IMAGE_PIXELS = None  # Pillow only warns at its limit; the check below refuses
    try:
        image = Image.open(source, formats=FORMATS)
        frames = getattr(image, "n_frames", 1)
    except Exception as error:
        raise Unreadable("The picture cannot be read.") from error
    if image.width * image.height > PIXELS:
        raise Unreadable("The picture has more than 100 megapixels.")
    if image.format in {"HEIF", "AVIF"}:
        frames = 1  # the others are not used
    if frames * image.width * image.height > PIXELS * (1 if frames == 1 else 3):
        raise Unreadable("The animation has too many pixels.")
    return image


def _is_iso_media(source: str) -> bool:
    with Path(source).open("rb") as file:
        return file.read(8)[4:] == b"ftyp"


def register_heif() -> dict[str, Any]:
    """Let Pillow read HEIF. Other pictures do without, because loading the library takes 30 ms."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    return {}


def _loaded(image: Image.Image) -> Image.Image:
    try:
        image.load()
    except Exception as error:  # decoders raise whatever they like at damaged files
        raise Unreadable("The picture is damaged or incomplete.") from error
    return image


def _write_picture(image: Image.Image, folder: Path) -> tuple[Path, Image.Image]:
    ImageOps.exif_transpose(_loaded(image), in_place=True)  # without a copy of what is upright
    upright = _in_srgb(image)
    target = image.format or ""
    if target not in _SUFFIXES:  # browsers do not show HEIC
        target = "WEBP" if upright.has_transparency_data else "JPEG"
    if target == "JPEG" and upright.mode not in {"RGB", "L"}:
        upright = upright.convert("RGB")
    path = folder / f"picture{_SUFFIXES[target]}"
    _without_metadata(upright).save(path, target, **_OPTIONS[target])
    return path, upright


def _write_animation(image: Image.Image, folder: Path) -> tuple[Path, Image.Image]:
    target = image.format or ""
    loop = image.info.get("loop", 1 if target == "GIF" else 0)
    durations: list[int] = []
    frames = []
    try:
        for frame in ImageSequence.Iterator(image):
            copied = frame.copy()  # WebP tells a frame's duration once it has been decoded
            durations.append(int(frame.info.get("duration", 100)))
            frames.append(_without_metadata(copied))
    except Exception as error:
        raise Unreadable("The animation is damaged or incomplete.") from error
    path = folder / f"picture{_SUFFIXES[target]}"
    options = dict(_OPTIONS[target])
    if target == "GIF":
        options["disposal"] = 2
    frames[0].save(
        path, target, save_all=True, append_images=frames[1:], duration=durations, loop=loop, **options
    )
    return path, frames[0].copy()


def _in_srgb(image: Image.Image) -> Image.Image:
    """Convert the picture to sRGB. Without its profile, another colour space would look pale."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK"}:
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(found).lower():
            return image
        converted = ImageCms.profileToProfile(image, found, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile that means nothing
        return image
    return converted or image


def _without_metadata(image: Image.Image) -> Image.Image:
    kept = {key: image.info[key] for key in ("transparency",) if key in image.info}
    image.info = kept  # type: ignore[assignment]
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Convert the picture to a mode that WebP supports."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    plain = image if image.mode == mode else image.convert(mode)
    return _without_metadata(plain)


def _as_data_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=40, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


if __name__ == "__main__":
    run_decoder({"check": register_heif, "probe": probe, "convert": convert})
