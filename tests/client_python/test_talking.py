"""Two people talk through the client, and each sees everything."""

from __future__ import annotations

import asyncio

import pytest

from business_chat_client import (
    ChatClient,
    ChatError,
    ConversationChanged,
    MessageDeleted,
    MessageEdited,
    MessagesDelivered,
    MessagesRead,
    TypingChanged,
)
from chatsite.config.limits import Limits
from tests.client_python.conftest import Connect
from tests.client_python.watching import agrees, watching
from tests.harness.backend import Deployment
from tests.harness.cast import PASSWORD, Cast
from tests.harness.patience import patience

pytestmark = pytest.mark.fleet


async def test_a_conversation_from_hello_to_read(
    cast: Cast, deployment: Deployment, connect: Connect
) -> None:
    customer = await cast.newcomer()
    carol, olivia = await connect(customer, deployment), await connect(cast.olivia, deployment)
    details = await carol.open_conversation(cast.business_id)
    mine, theirs = await carol.join(details.id), await olivia.join(details.id)

    with watching(mine, theirs) as (at_customer, at_business):
        hello = await mine.send("Is the blue one still there?")
        await at_customer.until(MessagesDelivered)  # a message that is read at once causes no delivered event
        answer = await theirs.send("It is.", reply_to=hello.id)
        await at_business.until(MessagesDelivered)
        changed = await mine.edit(hello, "Is the red one still there?")
        gone = await theirs.delete(answer)
        assert await mine.mark_read() == 0
        assert await theirs.mark_read([hello]) == 0
        for watch in (at_customer, at_business):
            edited = await watch.until(MessageEdited)
            deleted = await watch.until(MessageDeleted)
            assert isinstance(edited, MessageEdited)
            assert isinstance(deleted, MessageDeleted)
            assert (edited.message.id, edited.message.content) == (hello.id, changed.content)
            assert (deleted.message.id, deleted.message.content) == (answer.id, "")
            await watch.until(MessagesRead)
            assert [message.id for message in watch.arrived] == [hello.id, answer.id]
        assert gone.deleted_at is not None

    await agrees(mine, customer.rest)
    await agrees(theirs, cast.olivia.rest)
    assert [message.seq for message in mine.messages] == [1, 2]
    assert mine.messages[0].status == "read"


async def test_typing_is_seen_and_ends_with_the_message(
    cast: Cast, deployment: Deployment, connect: Connect
) -> None:
    customer = await cast.newcomer()
    carol, olivia = await connect(customer, deployment), await connect(cast.olivia, deployment)
    details = await carol.open_conversation(cast.business_id)
    mine, theirs = await carol.join(details.id), await olivia.join(details.id)
    with watching(theirs) as (watch,):
        await mine.start_typing()
        assert await watch.until(TypingChanged) == TypingChanged(customer.id, True)
        assert theirs.typing == {customer.id}
        await mine.send("done")
        await theirs.catch_up()
        typed = [event for event in watch.events if isinstance(event, TypingChanged)]
        assert typed == [TypingChanged(customer.id, True), TypingChanged(customer.id, False)]
        assert theirs.typing == frozenset()


async def test_sends_are_stored_in_the_order_of_the_calls(
    cast: Cast, deployment: Deployment, connect: Connect
) -> None:
    customer = await cast.newcomer()
    client = await connect(customer, deployment)
    conversation = await client.join((await client.open_conversation(cast.business_id)).id)
    sent = await asyncio.gather(*(conversation.send(f"m{number}") for number in range(50)))
    assert [message.seq for message in sent] == list(range(1, 51))
    await agrees(conversation, customer.rest)


async def test_older_messages_come_when_they_are_asked_for(
    cast: Cast, deployment: Deployment, connect: Connect
) -> None:
    customer = await cast.newcomer()
    client = await connect(customer, deployment)
    details = await client.open_conversation(cast.business_id)
    for number in range(1, 8):
        await customer.send(details.id, f"m{number}")
    conversation = await client.join(details.id, history=3)
    assert [message.seq for message in conversation.messages] == [5, 6, 7]
    assert not conversation.has_all_history
    assert [message.seq for message in await conversation.load_older(2)] == [3, 4]
    assert [message.seq for message in await conversation.load_older()] == [1, 2]
    assert await conversation.load_older() == []
    assert conversation.messages[0].seq == 1
    await agrees(conversation, customer.rest)


async def test_refusals_have_their_code(cast: Cast, deployment: Deployment, connect: Connect) -> None:
    customer = await cast.newcomer()
    client, stranger = await connect(customer, deployment), await connect(cast.outsider, deployment)
    conversation = await client.join((await client.open_conversation(cast.business_id)).id)
    theirs = await cast.olivia.send(conversation.id, "Good morning")
    for call, code in (
        (conversation.send("   "), "invalid"),
        (conversation.send("x" * (Limits.message_length + 1)), "too_large"),
        (
            conversation.send("x" * 100_000),
            "too_large",
        ),  # it would close the socket, so the client does not send it
        (conversation.send("half \ud800"), "invalid"),
        (conversation.edit(theirs["id"], "mine now"), "forbidden"),
        (conversation.delete("no-id"), "not_found"),
    ):
        with pytest.raises(ChatError) as refused:
            await call
        assert refused.value.code == code
    with pytest.raises(ChatError, match="not_found"):
        await stranger.join(conversation.id)
    assert (await conversation.send("still here")).content == "still here"


async def test_lists_presence_and_the_unread(cast: Cast, deployment: Deployment, connect: Connect) -> None:
    customer = await cast.newcomer()
    carol, olivia = await connect(customer, deployment), await connect(cast.olivia, deployment)
    details = await carol.open_conversation(cast.business_id)
    heads = olivia.events()
    await customer.send(details.id, "Anybody there?")
    async with asyncio.timeout(patience(5)):
        async for event in heads:  # olivia has not joined, and gets the event all the same
            if isinstance(event, ConversationChanged) and event.conversation.last_message == "Anybody there?":
                assert event.conversation.unread_count == 1
                break
    assert details.id in [found.id async for found in olivia.conversations(business_id=cast.business_id)]
    assert (await olivia.unread()).conversations[details.id] == 1
    assert (await olivia.presence([customer.id]))[customer.id].online
    assert (await carol.me()).id == customer.id
    assert (await carol.archive(details.id)).archived
    assert [found.id async for found in carol.conversations(archived=True)] == [details.id]


async def test_signing_in_by_password(cast: Cast, deployment: Deployment) -> None:
    url, headers = deployment.server(0).url, {"X-Forwarded-For": "10.77.0.1"}
    async with ChatClient(
        url, username="carol", password=PASSWORD, headers=headers, trust_env=False
    ) as client:
        assert (await client.me()).username == "carol"
        refresh = client.refresh_token
    async with ChatClient(url, refresh=refresh, headers=headers, trust_env=False) as client:
        assert client.is_connected
        assert client.refresh_token not in ("", refresh)
    with pytest.raises(ChatError, match="unauthenticated"):
        await ChatClient(url, username="carol", password="no", headers=headers, trust_env=False).__aenter__()


async def test_a_closed_client_says_so(cast: Cast, deployment: Deployment, connect: Connect) -> None:
    customer = await cast.newcomer()
    client = await connect(customer, deployment)
    conversation = await client.join((await client.open_conversation(cast.business_id)).id)
    events = conversation.events()
    await client.close()
    with pytest.raises(ChatError, match="closed"):
        await conversation.send("too late")
    assert [event async for event in events] == []
