"""The words for attachments on the pages that the server renders."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.attachment_objects import AttachmentObject
from conversations.serializers import MessageObject

_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,10}$")
PICTURE_SIDE: Final = 320  # pixels, at most


def caption_of(message: MessageObject) -> str:
    """Return the text of a message, without the file names that stand in for a missing one.

    A file may have another ending by now: the server stores HEIC as JPEG.
    """
    names = ", ".join(
        f"{re.escape(_ENDING.sub('', file.name))}({_ENDING.pattern[:-1]})?" for file in message.attachments
    )
    return "" if message.attachments and re.fullmatch(names, message.content) else message.content


def summary_of(message: MessageObject) -> str:
    """Return a message in one line: "Photo", "Voice message 0:12", "Invoice.pdf", or its text."""
    text = " ".join(caption_of(message).split())
    if not message.attachments:
        return text
    files = files_text(message.attachments)
    return f"{files}: {text}" if text else files


def files_text(attachments: list[AttachmentObject]) -> str:
    first, kinds = attachments[0], {attachment.kind for attachment in attachments}
    kind = first.kind if len(kinds) == 1 else "file"
    return text_of_files(kind, len(attachments), first.name, first.duration_ms)


def text_of_files(kind: str, count: int, name: str, duration_ms: int | None) -> str:
    """`kind` is `file` for files of several kinds. Only a single file has a name and a duration."""
    if count > 1 and kind == "image":
        return ngettext("%(count)s photo", "%(count)s photos", count) % {"count": count}
    if count > 1:
        return ngettext("%(count)s file", "%(count)s files", count) % {"count": count}
    if kind == "image":
        return _("Photo")
    if kind == "video":
        return _("Video")
    if kind != "voice":
        return name
    return f"{_('Voice message')} {duration_text(duration_ms)}".rstrip()


def duration_text(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def shown_size(attachment: AttachmentObject) -> tuple[int, int] | None:
    """Return the width and height of a picture on the page, so that it has its place before it is loaded."""
    if not attachment.width or not attachment.height:
        return None
    scale = min(1.0, PICTURE_SIDE / max(attachment.width, attachment.height))
    return max(1, round(attachment.width * scale)), max(1, round(attachment.height * scale))
