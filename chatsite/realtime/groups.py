"""The names of groups. A group is a set of sockets that get the same events."""

from __future__ import annotations

from uuid import UUID


def conversation(conversation_id: UUID) -> str:
    """Return the group of the sockets that have joined the conversation."""
    return f"conversation.{conversation_id}"


def user(user_id: str) -> str:
    """Return the group of all sockets of one user."""
    return f"user.{user_id}"


def business_members(business_id: UUID) -> str:
    """Return the group of all sockets of all members of the business."""
    return f"business.{business_id}.members"


def business_customers(business_id: UUID) -> str:
    """Return the group of all sockets of all customers who have a conversation with the business."""
    return f"business.{business_id}.customers"


def is_of_customers(group: str) -> bool:
    """Return whether `business_customers` returns this group for some business."""
    return group.startswith("business.") and group.endswith(".customers")
