"""All recordings of browsers become AAC in MP4, with a duration and a waveform. A video gets a poster."""

from __future__ import annotations

import io

import av
import pytest
from PIL import Image

from conversations.attachments.processing import process
from tests.attachments.contents import PDF, recording, video
from tests.attachments.files import Scene, body, refused, upload
from tests.conversations.people import client_of


@pytest.mark.parametrize(("form", "codec"), [("webm", "libopus"), ("ogg", "libopus"), ("mp4", "aac")])
def test_every_browser_can_play_a_recording(scene: Scene, form: str, codec: str) -> None:
    made = upload(scene.customer, recording(form, codec), f"voice.{form}", kind="voice")
    assert made.status_code == 201, made.content
    assert (made.json()["kind"], made.json()["state"]) == ("voice", "processing")
    process(made.json()["id"])
    message = scene.send(scene.customer, made.json()["id"]).json()
    assert message["messageType"] == "voice"
    [shown] = scene.shown(scene.member)["attachments"]
    assert (shown["state"], shown["contentType"], shown["name"]) == ("ready", "audio/mp4", "voice.m4a")
    assert 1900 <= shown["durationMs"] <= 2100
    waveform = shown["waveform"]
    assert 30 <= len(waveform) <= 64
    assert max(waveform) == 100
    assert sum(waveform[:10]) < sum(waveform[-10:]) / 2  # it grew louder
    answer = client_of(scene.member).get(shown["url"])
    assert answer["Content-Disposition"].startswith("inline")
    with av.open(io.BytesIO(body(answer))) as container:
        [stream] = container.streams
        assert (stream.codec_context.name, container.format.name.split(",")[0]) == ("aac", "mov")


def test_a_file_that_is_not_a_recording_is_refused(scene: Scene) -> None:
    assert refused(upload(scene.customer, PDF, kind="voice")) == (415, "unsupported_media_type")
    assert refused(upload(scene.customer, PDF, kind="song")) == (400, "invalid")


def test_a_recording_that_was_cut_off_plays_up_to_there(scene: Scene) -> None:
    content = recording("ogg", "libopus", seconds=4)
    made = upload(scene.customer, content[: len(content) // 2], "voice.ogg", kind="voice").json()
    process(made["id"])
    scene.send(scene.customer, made["id"])
    [shown] = scene.shown(scene.member)["attachments"]
    assert shown["state"] == "ready"
    assert 1000 < shown["durationMs"] < 3500


def test_noise_is_rejected_with_a_reason(scene: Scene) -> None:
    made = upload(scene.customer, b"OggS" + bytes(range(256)) * 40, "voice.ogg", kind="voice").json()
    message = scene.send(scene.customer, made["id"]).json()
    process(made["id"])
    [shown] = scene.shown(scene.member)["attachments"]
    assert (shown["state"], shown["url"]) == ("rejected", None)
    assert shown["reason"]
    assert message["attachments"][0]["state"] == "processing"


@pytest.mark.parametrize(
    ("form", "codec", "content_type"),
    [
        ("mp4", "libx264", "video/mp4"),
        ("webm", "libvpx", "video/webm"),
    ],
)
def test_a_video_gets_a_poster_and_loses_its_metadata(
    scene: Scene, form: str, codec: str, content_type: str
) -> None:
    message = scene.sent(video(form, codec), f"trip.{form}")
    assert message["messageType"] == "file"  # a message has no type for videos
    [shown] = scene.shown(scene.member)["attachments"]
    assert (shown["kind"], shown["contentType"]) == ("video", content_type)
    assert (shown["width"], shown["height"]) == (320, 240)
    assert 1800 <= shown["durationMs"] <= 2200
    client = client_of(scene.member)
    assert Image.open(io.BytesIO(body(client.get(shown["thumbnailUrl"])))).size == (320, 240)
    stored = body(client.get(shown["url"]))
    assert b"+52.5200" not in stored
    with av.open(io.BytesIO(stored), "r") as container:
        assert len(list(container.decode(video=0))) == 20


def test_sound_that_is_no_recording_is_a_file(scene: Scene) -> None:
    scene.sent(recording("webm", "libopus"), "song.webm")
    [shown] = scene.shown(scene.member)["attachments"]
    assert (shown["kind"], shown["state"]) == ("file", "ready")
