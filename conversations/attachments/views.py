"""REST: uploads, and the bytes of attachments."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.errors import invalid
from chatsite.http.api import WireParser, read_body
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import StructViewSet
from chatsite.identity.scopes import HasScope
from conversations.access import object_key
from conversations.attachment_objects import AttachmentObject, attachment_object, is_signed, stored_attachment
from conversations.attachments.body_parser import UploadParser, WholeBodyHandler
from conversations.attachments.direct_uploads import begin_upload, complete_upload
from conversations.attachments.file_names import with_suffix
from conversations.attachments.models import Attachment
from conversations.attachments.operations import Upload, discard_upload, store_upload
from conversations.attachments.queries import bytes_of, find_attachment, find_signed_attachment
from conversations.attachments.requests import BeginBody, BegunUpload, UploadTarget
from conversations.attachments.serving import file_response

ATTACHMENT = serializer_for(AttachmentObject)
THUMBNAIL_TYPE = "image/webp"
_FORM: dict[str, Any] = {
    "multipart/form-data": {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "kind": {"type": "string", "enum": ["voice"], "description": "For a recording."},
            "alt": {"type": "string", "description": "What a picture shows, for people who cannot see it."},
        },
        "required": ["file"],
    }
}
_SIGNATURE = [
    OpenApiParameter("until", str, description="With `signature`, as in the attachment's `url`."),
    OpenApiParameter("signature", str),
]


def _bytes_as(media_type: str) -> dict[tuple[int, str], OpenApiResponse]:
    return {
        (200, media_type): OpenApiResponse(OpenApiTypes.BINARY),
        (206, media_type): OpenApiResponse(OpenApiTypes.BINARY, description="The range that was asked for."),
    }


class UploadViewSet(StructViewSet):
    """Uploads that are not in a message yet."""

    queryset = Attachment.objects.none()
    bodies = {"default": AttachmentObject}
    scopes = {"change": "messages:write"}
    parser_classes = [UploadParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        request.upload_handlers = [WholeBodyHandler(request)]
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(request=_FORM, responses={201: ATTACHMENT})
    def create(self, request: Request) -> Response:
        """Upload a file. Only its owner can see it until it is sent. An unused upload is deleted after 24 hours."""
        file = request.FILES.get("file")
        if file is None:
            raise invalid("Send the file as the form's field `file`.", field="file")
        kind = str(request.POST.get("kind", ""))
        upload = Upload(file, file.name or "", file.size or 0, kind, str(request.POST.get("alt", "")))
        attachment = store_upload(request.user.pk, upload)
        shown = attachment_object(stored_attachment(attachment))
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(request=serializer_for(BeginBody), responses={201: serializer_for(BegunUpload)})
    @action(detail=False, methods=["post"], parser_classes=[WireParser])
    def begin(self, request: Request) -> Response:
        """Start an upload directly to the storage. Responds with `conflict` if the storage does not support it."""
        body = read_body(request, BeginBody)
        key, form, expires_at = begin_upload(
            user_id=request.user.pk, name=body.name, size=body.size, kind=body.kind or "", alt=body.alt or ""
        )
        target = UploadTarget(method="POST", url=form["url"], fields=form["fields"], expires_at=expires_at)
        return Response(BegunUpload(id=key, upload=target), status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={201: ATTACHMENT})
    @action(detail=True, methods=["post"], parser_classes=[WireParser])
    def complete(self, request: Request, pk: str) -> Response:
        """Complete a direct upload after the storage has the file."""
        attachment = complete_upload(user_id=request.user.pk, upload_id=pk)
        return Response(attachment_object(stored_attachment(attachment)), status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete an upload that is in no message."""
        discard_upload(user_id=request.user.pk, upload_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AttachmentViewSet(StructViewSet):
    """The bytes of attachments."""

    queryset = Attachment.objects.none()
    bodies = {"default": AttachmentObject}
    scopes = {"view": "messages:read"}
    permission_classes = [AllowAny, HasScope]  # `_find` asks for a signature or a user

    @extend_schema(parameters=_SIGNATURE, responses=_bytes_as("*/*"))
    def retrieve(self, request: Request, pk: str) -> HttpResponseBase:
        """Return the file. Access is checked at every request, by token, session or signature."""
        attachment = _find(request, pk)
        stored = bytes_of(attachment)
        return file_response(request, stored, name=attachment.name, content_type=attachment.content_type)

    @extend_schema(parameters=_SIGNATURE, responses=_bytes_as(THUMBNAIL_TYPE))
    @action(detail=True, methods=["get"])
    def thumbnail(self, request: Request, pk: str) -> HttpResponseBase:
        """Return the thumbnail of an image or a video."""
        attachment = _find(request, pk)
        stored = bytes_of(attachment, thumbnail=True)
        name = with_suffix(attachment.name, ".webp")
        return file_response(request, stored, name=name, content_type=THUMBNAIL_TYPE)


def _find(request: Request, raw_id: str) -> Attachment:
    key = object_key(raw_id, "attachment")
    signature = request.query_params.get("signature")
    if signature and is_signed(key, request.query_params.get("until", ""), signature):
        return find_signed_attachment(key)
    if not request.user.is_authenticated:
        raise NotAuthenticated
    return find_attachment(request.user.pk, key)
