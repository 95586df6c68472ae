"""`ChatClient`: the connection of one user to the chat. It reconnects by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from types import NoneType, TracebackType
from typing import Any, Final, Self

import msgspec

from business_chat_client.commands import Commands
from business_chat_client.connection import Connection
from business_chat_client.conversation import Conversation
from business_chat_client.credentials import Credentials
from business_chat_client.decoding import decode
from business_chat_client.dispatch import EventDispatcher
from business_chat_client.errors import ChatError
from business_chat_client.events import ClientEvent
from business_chat_client.file_commands import FileCommands
from business_chat_client.objects import ConversationDetails, Notification, Presence, Profile, Unread
from business_chat_client.personal_commands import PersonalCommands
from business_chat_client.pushes import AttentionAnswer, Count, Page, SyncAnswer, SyncedConversation
from business_chat_client.rest import Addresses, Rest
from business_chat_client.streams import Broadcaster, EventStream
from business_chat_client.supervisor import Supervisor

logger = logging.getLogger(__name__)

SYNC_CONVERSATIONS: Final = 200  # conversations of one sync
CLOSED: Final = ChatError("closed", "The client has been closed.")


class ChatClient(PersonalCommands, FileCommands):
    """An async context manager, which connects on entry and closes on exit.

    `urls` is one address, `https://chat.example`, or several of the same site, and the client uses the first to answer.
    Give `username` and `password`, or `refresh` and optionally `access`, or only `access`, with which the client ends
    when the token expires. `headers` are sent with every request. `heartbeat` is the number of seconds between two
    checks of the connection; a connection that does not answer within half of that is replaced. `answer_within` is
    the number of seconds that a command waits for its answer. `trust_env` takes proxies from the environment.

    Entering waits until there is a connection. It raises `ChatError` if the credentials are refused. While no server
    answers, it keeps trying; put `asyncio.timeout` around it to limit that.
    """

    def __init__(
        self,
        urls: str | Sequence[str],
        *,
        username: str = "",
        password: str = "",
        access: str = "",
        refresh: str = "",
        headers: Mapping[str, str] | None = None,
        heartbeat: float = 20.0,
        answer_within: float = 15.0,
        trust_env: bool = True,
    ) -> None:
        self._addresses = Addresses([urls] if isinstance(urls, str) else urls)
        self._credentials = Credentials(username=username, password=password, access=access, refresh=refresh)
        super().__init__(Rest(self._addresses, self._credentials, headers or {}, trust_env))
        self._conversations: dict[str, Conversation] = {}
        self._broadcaster: Broadcaster[ClientEvent] = Broadcaster()
        self._fetching: asyncio.Task[None] | None = None
        self._dispatcher = EventDispatcher(
            self._conversations, self._broadcaster, self._fetch_notifications_soon
        )
        self._supervisor = Supervisor(
            addresses=self._addresses,
            rest=self._rest,
            dispatcher=self._dispatcher,
            resume=self._resume,
            ended=self._end,
            headers=headers or {},
            heartbeat=heartbeat,
            answer_within=answer_within,
            trust_env=trust_env,
        )
        self._commands = Commands(self._supervisor.connection)

    async def __aenter__(self) -> Self:
        self._supervisor.start()
        try:
            await self._supervisor.connection()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connection and all event streams. Calls in progress raise `ChatError` with the code `closed`."""
        await self._supervisor.stop(CLOSED)
        await self._rest.close()

    # The state of the connection

    @property
    def is_connected(self) -> bool:
        return self._supervisor.is_connected

    @property
    def url(self) -> str:
        """The address of the server in use."""
        return self._addresses.current

    @property
    def refresh_token(self) -> str:
        """The newest refresh token, to start again without a password. Empty if there is none. Each works once."""
        return self._credentials.refresh_token

    def events(self) -> EventStream[ClientEvent]:
        """Return a stream of future events that do not belong to a joined conversation.

        It yields changes of all conversations, notifications (each once), presence, and `Resumed` after a lost
        connection.
        """
        return self._broadcaster.open()

    # Conversations

    async def join(self, conversation_id: str, *, history: int | None = 200) -> Conversation:
        """Join a conversation and load its newest `history` messages (None: all). It stays up to date.

        Joining it again returns the same object. Raises `not_found` if it does not exist or the user may not see it.
        """
        while True:
            new = Conversation(self, conversation_id, history)
            conversation = self._conversations.setdefault(conversation_id, new)
            async with conversation._joining:
                if self._conversations.get(conversation_id) is conversation:
                    if not conversation.is_loaded:
                        await self._begin(conversation)
                    return conversation

    async def _begin(self, conversation: Conversation) -> None:
        try:
            await self._request("join_conversation", {"conversationId": conversation.id})
            await conversation._load()
        except BaseException as error:
            self._forget(conversation, error if isinstance(error, ChatError) else None)
            raise

    async def open_conversation(
        self, business_id: str, customer_id: str | None = None
    ) -> ConversationDetails:
        """Return the conversation with a business, and create it if there is none. A member passes the customer."""
        body = {"businessId": business_id, **({"customerId": customer_id} if customer_id else {})}
        return await self._rest.call(ConversationDetails, "POST", "/chat/conversations", body)

    def conversations(
        self, *, archived: bool | None = None, pinned: bool | None = None, business_id: str | None = None
    ) -> AsyncIterator[ConversationDetails]:
        """Yield the user's conversations, newest activity first."""
        return self._rest.rows(
            Page[ConversationDetails],
            "/chat/conversations",
            archived=archived,
            pinned=pinned,
            businessId=business_id,
        )

    async def unread(self) -> Unread:
        return await self._rest.call(Unread, "GET", "/chat/unread-count")

    # People

    async def me(self) -> Profile:
        return await self._rest.call(Profile, "GET", "/auth/me")

    async def presence(self, user_ids: Sequence[str]) -> dict[str, Presence]:
        """Return presence by user id. A user who shares no conversation with this one looks offline and never seen."""
        found = await self._rest.call(Page[Presence], "GET", "/presence", userIds=",".join(user_ids))
        return {presence.user_id: presence for presence in found.results}

    async def set_attention(self, *, active: bool) -> float:
        """Report that the user looks at a screen. The server then sends no push and no mail for 45 seconds.

        Returns the seconds after which to repeat it. A bot does not need it.
        """
        answer = decode(await self._request("set_attention", {"active": active}), AttentionAnswer)
        return answer.repeat_after_seconds

    # Notifications

    def notifications(
        self,
        *,
        type: str | None = None,  # noqa: A002  as on the wire
        unread: bool | None = None,
    ) -> AsyncIterator[Notification]:
        """Yield the user's notifications, newest first."""
        return self._rest.rows(Page[Notification], "/notifications", type=type, unread=unread)

    async def unread_notifications(self) -> int:
        return (await self._rest.call(Count, "GET", "/notifications/unread-count")).total

    async def read_notification(self, notification_id: str) -> Notification:
        return await self._rest.call(Notification, "PATCH", f"/notifications/{notification_id}/read")

    async def read_all_notifications(self) -> None:
        await self._rest.call(NoneType, "PATCH", "/notifications/read-all")

    async def delete_notification(self, notification_id: str) -> None:
        await self._rest.call(NoneType, "DELETE", f"/notifications/{notification_id}")

    # For conversations

    async def _request(self, event: str, data: Mapping[str, Any]) -> msgspec.Raw:
        return await self._commands.request(event, data)

    async def _sync(self, known: Mapping[str, int]) -> dict[str, SyncedConversation]:
        place = self._dispatcher.feed.place
        answer = decode(await self._request("sync", {"conversations": known, **place}), SyncAnswer)
        self._dispatcher.take_notifications(answer, place)
        return answer.conversations

    def _fetch_notifications_soon(self) -> None:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_notifications())

    async def _fetch_notifications(self) -> None:
        try:
            while self._dispatcher.feed.is_behind:
                await self._sync({})
        except ChatError as error:
            logger.info("notifications could not be synchronised; trying again later: %s", error)
        finally:
            self._fetching = None

    async def _leave(self, conversation: Conversation) -> None:
        if self._conversations.get(conversation.id) is conversation:
            self._forget(conversation, None)
            await self._request("leave_conversation", {"conversationId": conversation.id})

    def _forget(self, conversation: Conversation, error: ChatError | None) -> None:
        if self._conversations.get(conversation.id) is conversation:
            del self._conversations[conversation.id]
        conversation._end(error)

    # For the supervisor

    async def _resume(self, connection: Connection) -> None:
        """Join the conversations again and then sync, so that changes in between arrive as events.

        Raises `ConnectionLost`.
        """
        joined = list(self._conversations.values())
        await asyncio.gather(*(self._rejoin(connection, conversation) for conversation in joined))
        for start in range(0, max(1, len(joined)), SYNC_CONVERSATIONS):
            part = [c for c in joined[start : start + SYNC_CONVERSATIONS] if c.id in self._conversations]
            known, place = {c.id: c.rev for c in part if c.is_loaded}, self._dispatcher.feed.place
            answer = decode(await connection.call("sync", {"conversations": known, **place}), SyncAnswer)
            self._dispatcher.take_notifications(answer, place)
            for conversation in part:
                if conversation.is_loaded:
                    conversation._resumed(answer.conversations.get(conversation.id))

    async def _rejoin(self, connection: Connection, conversation: Conversation) -> None:
        try:
            await connection.call("join_conversation", {"conversationId": conversation.id})
        except ChatError as error:
            if error.is_transient:
                raise
            self._forget(conversation, error)

    def _end(self, error: ChatError) -> None:
        """Called when the connection has ended for good."""
        outcome = None if error is CLOSED else error
        if self._fetching is not None:
            self._fetching.cancel()
        for conversation in list(self._conversations.values()):
            conversation._end(outcome)
        self._broadcaster.end(outcome)
