"""Files to upload, and people who do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.attachments.models import Attachment
from conversations.attachments.processing import process
from conversations.models import Conversation
from tests.attachments.contents import PDF
from tests.conversations.people import business, client_of, conversation, person


def upload(user: User, content: bytes, name: str = "report.pdf", **form: str) -> Any:
    file = SimpleUploadedFile(name, content, content_type="text/html")  # a lie that nobody believes
    return client_of(user).post("/chat/uploads", {"file": file, **form}, format="multipart")


class Scene:
    """A customer and a member of a business, and their conversation."""

    def __init__(self) -> None:
        self.member, self.customer = person(), person()
        self.where = conversation(business(self.member), self.customer)

    def send(self, user: User, *ids: str, **body: Any) -> Any:
        address = f"/chat/conversations/{self.where.pk}/messages"
        return client_of(user).post(address, {"attachmentIds": list(ids), **body}, format="json")

    def sent(self, content: bytes = PDF, name: str = "report.pdf") -> dict[str, Any]:
        """A message of the customer with this file, processed."""
        made = upload(self.customer, content, name).json()
        process(made["id"])
        message = self.send(self.customer, made["id"])
        assert message.status_code == 201, message.content
        found: dict[str, Any] = message.json()
        return found

    def rev(self) -> int:
        return Conversation.objects.get(pk=self.where.pk).rev


def attachment(shown: dict[str, Any]) -> Attachment:
    return Attachment.objects.get(pk=shown["id"])


def body(response: Any) -> bytes:
    """The content of an answer in a stream."""
    return b"".join(response)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]
