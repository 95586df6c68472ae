"""One object of every kind that people own on the site, and the ids of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.attachments.contents import PDF
from tests.conversations.rooms import Room
from tests.harness.cast import Person, Stage
from tests.harness.rest import Json

OF_A_ROOM: Final = {
    "conversations",
    "messages",
    "notifications",
    "offers",
    "invitations",
    "uploads",
    "attachments",
}
OF_THE_VAULT: Final = {"bots", "webhooks", "subscriptions", "blocks", "businesses", "canned-answers"}

# A business of Olivia's that no stranger has met, with a bot, a webhook and a canned answer; her push subscription;
# and a business that strangers may write to.
FURNISH: Final = """
from conversations.bots.operations import create_bot, create_key
from conversations.models import Business, Membership
from conversations.team.canned.models import CannedAnswer
from notifications.delivery.models import PushSubscription
from notifications.webhooks.models import Webhook
from notifications.webhooks.secrets import encrypted, new_secret
vault = Business.objects.create(name="Vault", slug="vault")
elsewhere = Business.objects.create(name="Elsewhere", slug="elsewhere")
Membership.objects.create(business=vault, user_id={owner}, role="owner")
bot = create_bot(user_id={owner}, business_id=str(vault.pk), name="Keeper")
key, _ = create_key(user_id={owner}, bot_id=str(bot.user_id), name="k", scopes=["messages:read"], expires_at=None)
hook = Webhook.objects.create(
    business=vault, url="https://hooks.example/x", events=["*"], secret=encrypted(new_secret())
)
push = PushSubscription.objects.create(
    user_id={owner}, endpoint="https://push.example/x", endpoint_digest="x", p256dh="x", auth="x"
)
answer = CannedAnswer.objects.create(business=vault, code="private", text="private")
print(vault.pk, elsewhere.pk, bot.user_id, key.pk, hook.pk, push.pk, answer.pk)
"""


def furnish_vault(stage: Stage) -> Json:
    answer = stage.deployment.shell(FURNISH.format(owner=stage.logins["olivia"].user_id))
    vault, elsewhere, bot, key, hook, push, canned = answer.split()[-7:]
    return {
        "businesses": vault,
        "elsewhere": elsewhere,
        "bots": bot,
        "key_id": key,
        "webhooks": hook,
        "subscriptions": push,
        "canned-answers": canned,
    }


@dataclass
class Secrets:
    """A conversation with one object of every kind, and all ids by their names."""

    room: Room
    ids: Json
    elsewhere: str
    blocked: Person  # a customer whom the business has blocked

    @classmethod
    async def of(cls, room: Room, vault: Json) -> Secrets:
        (message,) = await room.say(room.customer, "private")
        files = [await _upload(room.customer) for _ in range(2)]
        await room.customer.rest.post(f"{room.path}/messages", {"attachmentIds": files[:1]})
        note = await room.olivia.rest.post(f"{room.path}/notes", {"content": "private"})
        promises = await _promises(room)
        (notification, *_) = (await room.customer.rest.get("/notifications"))["results"]
        blocked = await room.cast.newcomer()
        await room.cast.conversation(blocked)
        await room.olivia.rest.request("PUT", f"/chat/blocks/{blocked.id}")
        ids = {
            "conversations": room.id,
            "messages": message["id"],
            "conversationId": room.id,
            "messageId": message["id"],
            "noteId": note["id"],
            "notifications": notification["id"],
            "attachments": files[0],
            "uploads": files[1],
            "blocks": blocked.id,
            **promises,
            **{name: value for name, value in vault.items() if name != "elsewhere"},
        }
        return cls(room, ids, vault["elsewhere"], blocked)

    def hidden_ids(self) -> Json:
        """Return the ids that can be distinguished from other texts and are not public."""
        return {
            name: value for name, value in self.ids.items() if not value.isdigit() and name != "businesses"
        }

    async def state(self) -> Json:
        """Return everything that a stranger could have changed, as the participants see it."""
        owner = self.room.olivia.rest
        business = self.ids["businesses"]
        return {
            "conversation": await self.room.seen_by(self.room.customer),
            "blocks": await owner.pages("/chat/blocks"),
            "bots": await owner.get("/bots", businessId=business),
            "keys": await owner.get(f"/bots/{self.ids['bots']}/keys"),
            "webhook": await owner.get(f"/webhooks/{self.ids['webhooks']}"),
            "upload": (
                await self.room.customer.rest.request("GET", f"/chat/attachments/{self.ids['uploads']}")
            ).content,
        }


async def _upload(person: Person) -> str:
    answer = await person.rest.http.post("/chat/uploads", files={"file": ("private.pdf", PDF)})
    made: Json = answer.json()
    assert answer.status_code == 201, made
    return str(made["id"])


async def _promises(room: Room) -> Json:
    """Create an offer and an invitation."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    offer = await room.olivia.rest.post(
        "/offers",
        {
            "conversationId": room.id,
            "title": "A bicycle",
            "amountMinor": 100,
            "currency": "EUR",
            "expiresAt": tomorrow,
        },
    )
    invited = await room.cast.newcomer()
    invitation = await room.olivia.rest.post(
        "/team/invitations", {"businessId": room.cast.business_id, "username": invited.name}
    )
    return {"offers": offer["id"], "invitations": invitation["id"]}
