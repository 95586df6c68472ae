"""The index of messages for the search."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class TokensField(models.TextField[str, str]):
    """Tokens of `conversations.search.tokens.searchable`. The lookup `matches_terms` searches in them."""


class IndexedMessage(models.Model):
    """The tokens of one message that its readers may find. A deleted or hidden message has no row.

    The row is written in the transaction of the message (`conversations.search.message_index`). The key is a number,
    because SQLite's full-text table refers to rows by number. That table follows this one by triggers, which a later
    migration that rebuilds this table on SQLite must create again (migration 0006).

    Messages can be removed by statements that know nothing of the index. A row without its message is never found.
    """

    id = models.BigAutoField(primary_key=True)
    message = models.OneToOneField(
        "conversations.ChatMessage", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    business = models.ForeignKey(
        "conversations.Business",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    created_at = models.DateTimeField()
    has_link = models.BooleanField(default=False)
    tokens = TokensField()

    class Meta:
        app_label = "conversations"
        indexes: ClassVar = [
            # The newest messages of a business, for words that many messages hold.
            models.Index(fields=["business", "-created_at", "-message"], name="search_newest_of_business"),
        ]

    def __str__(self) -> str:
        return f"tokens of {self.message_id}"
