"""An example of an assistant, without any service behind it: `CHAT_ASSISTANTS=conversations.assistants.echo.echo`."""

from __future__ import annotations

from conversations.assistants.types import AssistantRequest


def echo(request: AssistantRequest) -> list[str] | None:
    """Suggest the customer's last words as the answer. Summaries count messages, and there are no translations."""
    said = [message.content for message in request.messages if message.sender_side == "customer"]
    if request.kind == "summary":
        return [f"{request.customer_name} wrote {len(said)} of {len(request.messages)} messages."]
    if request.kind == "suggestions":
        return [f"You wrote: {said[-1][:500]}"] if said and said[-1] else []
    return None
