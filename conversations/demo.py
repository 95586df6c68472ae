"""Create demonstration data: one business with two members, three customers and some messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from chatsite.identity.names import email_field, name_fields, signs_in_by_email
from conversations import operations
from conversations.models import Business, ChatMessage, Conversation, Membership
from conversations.requests import SendBody

PASSWORD: Final = "demo-pass-1"
BUSINESS: Final = ("Northwind Cycles", "northwind-cycles")
PEOPLE: Final = {
    "olivia": ("Olivia", "Brand"),
    "amir": ("Amir", "Nasser"),
    "carol": ("Carol", "Jensen"),
    "dave": ("Dave", "Okafor"),
    "erin": ("Erin", "Walsh"),
}
MEMBERS: Final = {"olivia": Membership.Role.OWNER, "amir": Membership.Role.AGENT}
CUSTOMERS: Final = ("carol", "dave", "erin")

# Functions of other apps that add data to the demonstration business. Each is idempotent and returns a line to print.
# An app adds its own in `AppConfig.ready`.
extensions: Final[list[Callable[[Business], str]]] = []


@dataclass(frozen=True)
class Line:
    """A message of the history, with its sender and its age in minutes."""

    sender: str
    minutes_ago: int
    content: str


HISTORY: Final[dict[str, list[Line]]] = {
    "carol": [
        Line("carol", 2900, "Hi! Is the blue touring bike in size M still available?"),
        Line("olivia", 2890, "Hello Carol, yes, one is left. Would you like to try it this week?"),
        Line("carol", 2885, "Thursday after five would be great."),
        Line("olivia", 2880, "Perfect, it is reserved for you until Thursday evening."),
        Line("carol", 95, "Is it possible to add a rear rack?"),
        Line("amir", 80, "Sure. We have two that fit, I will put both aside for you."),
        Line("carol", 12, "Wonderful, thank you!"),
    ],
    "dave": [
        Line("dave", 1500, "My rear brake squeals since the last service."),
        Line("amir", 1480, "Sorry to hear that. Bring it by any time, we will look at it at no cost."),
        Line("dave", 40, "On my way, there in half an hour."),
    ],
    "erin": [
        Line("erin", 4400, "Do you also repair e-bikes?"),
        Line("olivia", 4350, "We do, all major brands."),
    ],
}


def make_demo() -> Business:
    """Create the demonstration data that does not exist yet."""
    people = {username: _person(username, *name) for username, name in PEOPLE.items()}
    with transaction.atomic():
        business, _ = Business.objects.get_or_create(slug=BUSINESS[1], defaults={"name": BUSINESS[0]})
        for username, role in MEMBERS.items():
            Membership.objects.get_or_create(
                business=business, user=people[username], defaults={"role": role}
            )
    for customer in CUSTOMERS:
        conversation, _, created = operations.open_conversation(
            user_id=people[customer].pk, business_id=str(business.pk)
        )
        if created:
            _send_lines(conversation, people, HISTORY[customer])
    return business


def login_name(username: str) -> str:
    """Return the login name of a demonstration user: the username, or an e-mail address if people sign in by it."""
    return f"{username}@demo.example" if signs_in_by_email() else username


def _person(username: str, first_name: str, last_name: str) -> Any:
    model: Any = get_user_model()
    login = {model.USERNAME_FIELD: login_name(username)}
    user = model._default_manager.filter(**login).first()
    if user is None:
        fields = name_fields()
        parts = (first_name, last_name) if len(fields) == 2 else (f"{first_name} {last_name}",)
        names = dict(zip(fields, parts, strict=False))
        address = {email_field(): f"{username}@demo.example"} if email_field() else {}
        user = model(**{**address, **login, **names})
        user.set_password(PASSWORD)
        user.save()
    return user


def _send_lines(conversation: Conversation, people: dict[str, Any], lines: list[Line]) -> None:
    """Send the lines through the real operations, mark messages read before each answer, then backdate them."""
    now = timezone.now()
    for number, line in enumerate(lines):
        if number and lines[number - 1].sender != line.sender:
            operations.mark_read(user_id=people[line.sender].pk, conversation_id=conversation.pk)
        sent = operations.send_message(
            sender_id=people[line.sender].pk,
            conversation_id=conversation.pk,
            body=SendBody(content=line.content, client_id=f"demo-{number}"),
        )
        _date_back(sent.message.id, now - timedelta(minutes=line.minutes_ago))
    at = now - timedelta(minutes=lines[-1].minutes_ago)
    Conversation.objects.filter(pk=conversation.pk).update(
        created_at=now - timedelta(minutes=lines[0].minutes_ago),
        last_message_at=at,
        active_at=at,
        updated_at=at,
    )


def _date_back(message_id: Any, at: datetime) -> None:
    ChatMessage.objects.filter(pk=message_id).update(created_at=at)
