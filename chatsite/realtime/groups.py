"""Every group name. A group is who gets an event; ids are UUIDs or user keys, so the names are safe for the layer."""

from __future__ import annotations

from uuid import UUID


def conversation(conversation_id: UUID) -> str:
    """Sockets that joined the conversation."""
    return f"conversation.{conversation_id}"


def user(user_id: str) -> str:
    """Every socket of one user."""
    return f"user.{user_id}"


def business_members(business_id: UUID) -> str:
    """Every socket of every member of the business."""
    return f"business.{business_id}.members"


def business_customers(business_id: UUID) -> str:
    """Every socket of every customer who has a conversation with the business."""
    return f"business.{business_id}.customers"
