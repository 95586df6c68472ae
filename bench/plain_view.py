"""A page of history as in the tutorial of Django REST framework: a `ListAPIView` with a `ModelSerializer`.

It authenticates as the site does, and checks nothing else.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.generics import ListAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import ModelSerializer

from conversations.models import ChatMessage

PAGE = 50


class PlainMessage(ModelSerializer[ChatMessage]):
    class Meta:
        model = ChatMessage
        fields = "__all__"


class PlainMessages(ListAPIView[ChatMessage]):
    serializer_class = PlainMessage
    renderer_classes = (JSONRenderer,)
    pagination_class = None

    def get_queryset(self) -> QuerySet[ChatMessage]:
        key: Any = self.kwargs["pk"]
        return ChatMessage.objects.filter(conversation_id=key).order_by("-seq")[:PAGE]
