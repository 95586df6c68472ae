"""The client uploads, sends and downloads files, and reports refusals."""

from __future__ import annotations

import pytest

from business_chat_client import AttachmentsChanged, ChatClient, ChatError, MessageArrived
from tests.attachments.contents import PDF, picture, recording
from tests.client_python.conftest import Connect
from tests.client_python.watching import agrees, watching
from tests.harness.backend import Deployment
from tests.harness.cast import Cast

pytestmark = pytest.mark.fleet


async def test_files_reach_the_other_side(cast: Cast, deployment: Deployment, connect: Connect) -> None:
    deployment.start_worker()
    customer = await cast.newcomer()
    carol, olivia = await connect(customer, deployment), await connect(cast.olivia, deployment)
    details = await carol.open_conversation(cast.business_id)
    mine, theirs = await carol.join(details.id), await olivia.join(details.id)

    with watching(theirs) as [at_business]:
        photo = await carol.upload(picture(), "bridge.jpg", alt="A stone bridge")
        assert (photo.kind, photo.state, photo.url, photo.width) == ("image", "processing", None, 1200)
        voice = await carol.upload(recording("ogg", "libopus", 0.5), "hello.ogg", is_recording=True)
        terms = await carol.upload(PDF, "terms.pdf")
        sent = await mine.send(attachments=[photo, voice.id, terms])
        assert [(one.kind, one.name) for one in sent.attachments] == [
            ("image", "bridge.jpg"),
            ("voice", voice.name),
            ("file", "terms.pdf"),
        ]
        await at_business.until(MessageArrived)
        while not all(one.state == "ready" for one in theirs.messages[-1].attachments):
            await at_business.until(AttachmentsChanged, within=30)
            at_business.events.clear()
    seen = theirs.messages[-1].attachments
    assert (seen[0].alt, seen[2].alt) == ("A stone bridge", None)
    assert await olivia.download(seen[2]) == PDF
    assert (await olivia.download(seen[0].id, thumbnail=True))[8:12] == b"WEBP"
    stranger = await connect(await cast.newcomer(), deployment)
    with pytest.raises(ChatError, match="not_found"):
        await stranger.download(seen[2])
    await agrees(mine, customer.rest)
    await agrees(theirs, cast.olivia.rest)


async def test_a_refused_file_raises(cast: Cast, deployment: Deployment, connect: Connect) -> None:
    client: ChatClient = await connect(await cast.newcomer(), deployment)
    with pytest.raises(ChatError) as refusal:
        await client.upload(b"MZ" + bytes(200), "setup.exe")
    assert refusal.value.code == "unsupported_media_type"
    with pytest.raises(ChatError) as refusal:
        await client.upload(b"", "nothing.txt")
    assert refusal.value.code == "invalid"
