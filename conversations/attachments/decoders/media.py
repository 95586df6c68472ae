"""Decodes recordings and videos: `recording SOURCE FOLDER` and `video SOURCE FOLDER`.

A recording becomes AAC in MP4, which every browser plays. A video keeps its streams and loses its metadata.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import av
from av.audio.frame import AudioFrame
from av.container import InputContainer, OutputContainer
from PIL.Image import Image

from conversations.attachments.decoders.child_limits import Unreadable, run_decoder

RATE: Final = 48_000
BIT_RATE: Final = 64_000
LONGEST_SECONDS: Final = 2 * 3600
BARS: Final = 64  # of the waveform
PIXELS: Final = 50_000_000  # of a video's frame
THUMBNAIL: Final = (840, 560)
POSTER_SECONDS: Final = 1.0  # the first frames are often black
_SLICE: Final = RATE // 20  # samples of which the loudest is kept, until the length is known
_FULL: Final = 32_768


def recording(source: str, folder: str) -> dict[str, Any]:
    """Write the recording as AAC, with its duration and waveform."""
    target = Path(folder, "recording.m4a")
    with _open(source) as container:
        if not container.streams.audio:
            raise Unreadable("The recording has no sound.")
        peaks: list[int] = []
        with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as output:
            samples = _encode(container, output, peaks)
    if not samples:
        raise Unreadable("The recording is empty.")
    return {"file": target.name, "durationMs": samples * 1000 // RATE, "waveform": _bars(peaks)}


def _encode(container: InputContainer, output: OutputContainer, peaks: list[int]) -> int:
    stream = output.add_stream("aac", rate=RATE, layout="mono", bit_rate=BIT_RATE)
    samples = 0
    for frame in _mono(container):
        samples += frame.samples
        if samples > LONGEST_SECONDS * RATE:
            raise Unreadable("The recording is longer than two hours.")
        heard = array("h", bytes(frame.planes[0])[: frame.samples * 2])
        peaks += [max(map(abs, heard[at : at + _SLICE])) for at in range(0, len(heard), _SLICE)]
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))
    return samples


def _mono(container: InputContainer) -> Iterator[AudioFrame]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE, frame_size=_SLICE)
    for frame in _frames(container):
        frame.pts = None
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _frames(container: InputContainer) -> Iterator[AudioFrame]:
    """Yield the sound that can be decoded. A truncated recording ends at its last readable frame."""
    try:
        yield from container.decode(container.streams.audio[0])
    except av.FFmpegError:
        return


def _bars(peaks: list[int]) -> list[int]:
    """Return the same number of bars for any length, from 0 to 100: the loudest moment of each part."""
    count = min(BARS, len(peaks))
    edges = [len(peaks) * number // count for number in range(count + 1)]
    loudest = [max(peaks[start:end]) for start, end in pairwise(edges)]
    top = max(*loudest, _FULL // 20)  # silence stays low
    return [round(100 * math.sqrt(value / top)) for value in loudest]


def video(source: str, folder: str) -> dict[str, Any]:
    """Write the video without its metadata, and a poster. A video without pictures becomes a recording."""
    with _open(source) as container:
        if not container.streams.video:
            return {"sound": True}
        duration = container.duration
        poster = _poster(container, Path(folder, "thumbnail.webp"))
    target = Path(folder, f"video{_suffix(source)}")
    _copy_streams(source, target)
    length = None if duration is None else duration * 1000 // av.time_base
    return {"file": target.name, "thumbnail": "thumbnail.webp", "durationMs": length, **poster}


def _suffix(source: str) -> str:
    with Path(source).open("rb") as file:
        return ".webm" if file.read(4) == b"\x1a\x45\xdf\xa3" else ".mp4"


def _poster(container: InputContainer, path: Path) -> dict[str, int]:
    stream = container.streams.video[0]
    if stream.width * stream.height > PIXELS:
        raise Unreadable("The video's pictures are too large.")
    chosen = None
    for frame in container.decode(stream):
        chosen = frame
        if frame.time is None or frame.time >= POSTER_SECONDS:
            break
    if chosen is None:
        raise Unreadable("The video has no picture.")
    picture: Image = chosen.to_image()  # type: ignore[no-untyped-call]
    image = picture.rotate(chosen.rotation, expand=True)
    width, height = image.size
    image.thumbnail(THUMBNAIL)
    image.save(path, "WEBP", quality=75, method=3)
    return {"width": width, "height": height}


def _copy_streams(source: str, target: Path) -> None:
    options = {"movflags": "faststart"} if target.suffix == ".mp4" else {}
    with _open(source) as container, av.open(str(target), "w", options=options) as output:
        chosen = [*container.streams.video[:1], *container.streams.audio[:1]]
        copies = {stream.index: output.add_stream_from_template(stream) for stream in chosen}
        for packet in _whole_packets(container.demux(chosen)):
            packet.stream = copies[packet.stream.index]
            output.mux(packet)


def _whole_packets(packets: Iterable[Any]) -> Iterator[Any]:
    return (packet for packet in packets if packet.dts is not None)


def _open(source: str) -> InputContainer:
    # Playlists would make the decoder open other files and addresses.
    try:
        return av.open(source, options={"protocol_whitelist": "file", "format_whitelist": _FORMATS})
    except (av.FFmpegError, ValueError) as error:
        raise Unreadable("The recording cannot be read.") from error


_FORMATS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,wav,mp3,flac,aac,avi"


def _guarded(command: Any) -> Any:
    def run(source: str, folder: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = command(source, folder)
        except (av.FFmpegError, ValueError) as error:
            raise Unreadable("The file is damaged or incomplete.") from error
        return answer

    return run


if __name__ == "__main__":
    run_decoder({"check": dict, "recording": _guarded(recording), "video": _guarded(video)})
