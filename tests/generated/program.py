"""What a user of the generated client does: log in, list, send. Checked by `mypy --strict`, and then run."""

import json
import sys
from typing import TypeVar
from uuid import UUID

from chat_api import AuthenticatedClient, Client
from chat_api.api.auth import auth_token_create
from chat_api.api.chat import (
    chat_conversations_list,
    chat_conversations_messages_create,
    chat_messages_retrieve,
)
from chat_api.api.team import team_labels_create
from chat_api.models import ErrorAnswer, LabelBodyRequest, LoginRequest, SendBodyRequest

Answer = TypeVar("Answer")


def answered(answer: ErrorAnswer | Answer | None) -> Answer:
    if answer is None or isinstance(answer, ErrorAnswer):
        raise SystemExit(f"refused: {answer}")
    return answer


url, username, password = sys.argv[1:]
login = answered(
    auth_token_create.sync(
        client=Client(base_url=url), body=LoginRequest(username=username, password=password)
    )
)
client = AuthenticatedClient(base_url=url, token=login.access)
conversation = answered(chat_conversations_list.sync(client=client, limit=5)).results[0]
message = answered(
    chat_conversations_messages_create.sync(
        conversation.id, client=client, body=SendBodyRequest(content="from a generated client")
    )
)
label = answered(
    team_labels_create.sync(
        client=client, body=LabelBodyRequest(business_id=conversation.business_id, name="Generated")
    )
)
refused = chat_messages_retrieve.sync(UUID(int=0), client=client)
assert isinstance(refused, ErrorAnswer)
year: int = message.created_at.year
json.dump(
    {
        "content": message.content,
        "status": message.status.value,
        "year": year,
        "label": label.name,
        "color": label.color,
        "code": refused.error.code.value,
    },
    sys.stdout,
)
