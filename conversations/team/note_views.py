"""REST of private notes: `/chat/conversations/:id/notes`."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.errors import not_found
from chatsite.http.api import read_body
from chatsite.http.pagination import CursorPages
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from conversations.access import object_key
from conversations.models import Note
from conversations.team import notes
from conversations.team.requests import NoteBody, NoteChanges
from conversations.team.serializers import NoteObject, note_object

NOTES = serializer_for(NoteObject)
NOTE = OpenApiParameter("note_id", str, OpenApiParameter.PATH)


class NotePages(CursorPages):
    ordering = ("-created_team_rev",)


class NoteViewSet(StructViewSet):
    """The private notes of a conversation. For its customer they do not exist."""

    queryset = Note.objects.none()
    bodies = {"default": NoteBody, "note": NoteChanges, "edit_note": NoteChanges}

    @extend_schema(parameters=[OpenApiParameter("cursor", str), LIMIT], responses=NOTES(many=True))
    @action(detail=True, methods=["get"])
    def notes(self, request: Request, pk: str) -> Response:
        """List the notes, newest first."""
        return NotePages().respond(request, notes.notes_of(request.user.pk, pk), note_object)

    @extend_schema(request=serializer_for(NoteBody), responses={200: NOTES, 201: NOTES})
    @notes.mapping.post
    def add_note(self, request: Request, pk: str) -> Response:
        """Add a note. A known `clientId` returns the stored one with 200."""
        body = read_body(request, NoteBody)
        note, created = notes.add_note(
            user_id=request.user.pk,
            conversation_id=pk,
            content=body.content,
            mention_ids=body.mention_ids,
            client_id=body.client_id,
        )
        return Response(note, status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)

    @extend_schema(parameters=[NOTE], request=serializer_for(NoteChanges), responses=NOTES)
    @action(detail=True, methods=["patch"], url_path=r"notes/(?P<note_id>[^/.]+)")
    def edit_note(self, request: Request, pk: str, note_id: str) -> Response:
        """Edit one's own note."""
        body = read_body(request, NoteChanges)
        _require_place(request, pk, note_id)
        return Response(
            notes.edit_note(
                user_id=request.user.pk,
                note_id=note_id,
                content=body.content,
                mention_ids=body.mention_ids,
            )
        )

    @extend_schema(parameters=[NOTE], responses={204: None})
    @edit_note.mapping.delete
    def delete_note(self, request: Request, pk: str, note_id: str) -> Response:
        """Delete a note, as its author or as an owner of the business."""
        _require_place(request, pk, note_id)
        notes.delete_note(user_id=request.user.pk, note_id=note_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _require_place(request: Request, conversation_id: str, note_id: str) -> None:
    """Raise `not_found` unless the note of the address is in the conversation of the address."""
    found = notes.notes_of(request.user.pk, conversation_id)
    if not found.filter(pk=object_key(note_id, "note")).exists():
        raise not_found("note")
