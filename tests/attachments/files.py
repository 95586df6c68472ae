"""Files to upload, and the people who upload them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django_tasks_db.models import DBTaskResult

from conversations.attachments.models import Attachment
from conversations.attachments.processing import process
from conversations.models import Conversation
from tests.attachments.contents import PDF
from tests.conversations.people import business, client_of, conversation, person


def upload(user: User, content: bytes, name: str = "report.pdf", **form: str) -> Any:
    file = SimpleUploadedFile(name, content, content_type="text/html")  # a false type, which is ignored
    return client_of(user).post("/chat/uploads", {"file": file, **form}, format="multipart")


class Scene:
    """A customer, a member of a business, and their conversation."""

    def __init__(self) -> None:
        self.member, self.customer = person(), person()
        self.where = conversation(business(self.member), self.customer)

    def send(self, user: User, *ids: str, **body: Any) -> Any:
        address = f"/chat/conversations/{self.where.pk}/messages"
        return client_of(user).post(address, {"attachmentIds": list(ids), **body}, format="json")

    def sent(self, content: bytes = PDF, name: str = "report.pdf") -> dict[str, Any]:
        """Send this file in a message of the customer, and process it."""
        made = upload(self.customer, content, name).json()
        process(made["id"])
        message = self.send(self.customer, made["id"])
        assert message.status_code == 201, message.content
        found: dict[str, Any] = message.json()
        return found

    def shown(self, reader: User) -> dict[str, Any]:
        """Return the newest message as the reader sees it."""
        page = client_of(reader).get(f"/chat/conversations/{self.where.pk}/messages").json()
        message: dict[str, Any] = page["results"][-1]
        return message

    def rev(self) -> int:
        return Conversation.objects.get(pk=self.where.pk).rev


def attachment(shown: dict[str, Any]) -> Attachment:
    return Attachment.objects.get(pk=shown["id"])


def run_jobs() -> None:
    """Run every job that is ready, and the jobs that these enqueue."""
    while ready := list(DBTaskResult.objects.ready().order_by("enqueued_at")):
        for result in ready:
            result.delete()
            result.task.func(*result.args_kwargs["args"], **result.args_kwargs["kwargs"])


def files_in(storage: Path) -> list[Path]:
    return [path for path in storage.rglob("*") if path.is_file()]


def body(response: Any) -> bytes:
    """Return the content of a streamed answer."""
    return b"".join(response)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]
