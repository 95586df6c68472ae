"""Read the multipart body of an upload: one complete file, spooled to disk."""

from __future__ import annotations

from typing import Any, Final

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler, UploadFileException
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework.parsers import MultiPartParser as FormParser

from chatsite.errors import invalid
from conversations.attachments.scratch import named_file

_END: Final = 256  # bytes that are kept of the body's end; a boundary has at most 70


class UploadParser(FormParser):
    """The parser that OpenAPI shows. `WholeBodyHandler` does the work, even if the CSRF check reads the form first."""


class WholeBodyHandler(TemporaryFileUploadHandler):
    """Parse the body. Refuse one that ends before its last boundary, because Django would keep the incomplete file."""

    def handle_raw_input(  # type: ignore[override]  # the boundary is bytes
        self, input_data: Any, META: Any, content_length: int, boundary: bytes, encoding: str | None = None
    ) -> Any:
        ending = _Ending(input_data)
        handlers = [_FirstFileOnly(self.request)]
        try:
            parsed = MultiPartParser(META, ending, handlers, encoding).parse()  # type: ignore[arg-type]
        except (MultiPartParserError, UploadFileException) as error:
            raise invalid(
                "The body of the upload is not a valid form with one file.", field="file"
            ) from error
        if b"--" + boundary + b"--" not in ending.kept:
            raise invalid("The upload is incomplete.", field="file")
        return parsed


class _FirstFileOnly(TemporaryFileUploadHandler):
    def __init__(self, request: HttpRequest | None) -> None:
        super().__init__(request)
        self._files = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self._files += 1
        if self._files > 1:
            raise invalid("An upload must contain exactly one file.", field="file")
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = _UploadedFile(self.file_name, self.content_type, 0, self.charset, self.content_type_extra)


class _UploadedFile(TemporaryUploadedFile):
    """A file in the folder that is deleted after a process was killed."""

    def __init__(self, *arguments: Any) -> None:
        UploadedFile.__init__(self, named_file(".upload"), *arguments)


class _Ending:
    """A stream that remembers its last bytes."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.kept = b""

    def read(self, size: int | None = None) -> bytes:
        part: bytes = self._stream.read(size)
        self.kept = (self.kept + part)[-_END:]
        return part
