"""Upload and download files."""

from __future__ import annotations

from business_chat_client.objects import Attachment
from business_chat_client.rest import Rest


class FileCommands:
    """Base of `ChatClient`."""

    _rest: Rest

    async def upload(
        self, content: bytes, name: str, *, is_recording: bool = False, alt: str = ""
    ) -> Attachment:
        """Store a file, to be sent with `Conversation.send(attachments=[…])` within a day.

        `alt` says what a picture shows, for people who cannot see it.
        """
        fields = {"kind": "voice" if is_recording else "", "alt": alt}
        return await self._rest.upload(Attachment, "/chat/uploads", name, content, fields)

    async def download(self, attachment: Attachment | str, *, thumbnail: bool = False) -> bytes:
        """Return the bytes of a file, or of the thumbnail of an image or a video.

        Raises `ChatError`: `not_found` for a file that is not ready, whose message is gone, or that this user may not
        see.
        """
        key = attachment if isinstance(attachment, str) else attachment.id
        part = "/thumbnail" if thumbnail else ""
        return await self._rest.call(bytes, "GET", f"/chat/attachments/{key}{part}")
