"""A search finds names in any case, any Unicode form, and with or without accents."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chatsite.database.text_folding import fold
from conversations.conversation_list import Filters, conversation_page
from conversations.models import Business
from conversations.moderation.person_lookup import find_person
from notifications import invitations
from tests.conversations.people import business, client_of, conversation, person, say
from tests.search.table import FINDS, MISSES

pytestmark = pytest.mark.django_db

# What is stored, and what somebody types.
SPELLINGS = [
    ("Élodie", "élodie"),
    ("Élodie", "E\u0301LODIE"),
    ("E\u0301lodie", "Élodie"),
    ("Élodie", "elodie"),
    ("Øresund", "øRESUND"),
    ("Straße", "STRASSE"),
    ("Strasse", "straße"),
    ("ЖЁЛУДЬ", "жёлудь"),
    ("Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
    ("ﬁne", "FINE"),
    ("Ａｍｉｒ", "amir"),
    ("100% Äpfel_", "% äpfel_"),
    ("Søren", "soren"),
    ("Łódź", "LODZ"),
    ("Æble", "aeble"),
    ("Ísold Þórðardóttir", "thordardottir"),
    ("Diyarbakır", "diyarbakir"),
    ("O\u2019Brien", "o'brien"),
    ("كِتَابٌ", "كتاب"),
    ("שָׁלוֹם", "שלום"),
    ("٢٠٢٤", "2024"),
    ("2024", "۲۰۲۴"),
    ("第１２号 ٣", "12"),
]
UNLIKE = [("Élodie", "élodia"), ("が", "か"), ("100 Äpfel", "1%äpfel"), ("Äpfel", "_pfel")]


@pytest.mark.parametrize(
    ("stored", "typed", "is_found"),
    [(*pair, True) for pair in SPELLINGS] + [(*pair, False) for pair in UNLIKE],
)
class TestSearch:
    def test_lists(self, stored: str, typed: str, is_found: bool) -> None:
        owner, customer = person(), person()
        shop = business(owner)
        Business.objects.filter(pk=shop.pk).update(name=stored)
        User.objects.filter(pk=customer.pk).update(last_name=stored)
        head = conversation(shop, customer)
        word = typed.rsplit(maxsplit=1)[-1] if is_found else typed
        for user in (owner, customer):
            page = conversation_page(user.pk, limit=10, filters=Filters(search=word))
            assert [found.id for found in page.conversations] == ([head.pk] if is_found else [])
        listed = client_of(customer).get("/chat/businesses", {"search": typed}).json()["results"]
        assert [row["id"] for row in listed] == ([str(shop.pk)] if is_found else [])

    def test_the_admin(self, stored: str, typed: str, is_found: bool, admin_client: Client) -> None:
        owner, customer = person(), person()
        shop = business(owner)
        conversation(shop, customer)
        User.objects.filter(pk=customer.pk).update(first_name=stored)
        page = admin_client.get("/admin/conversations/conversation/", {"q": typed})
        assert len(page.context["cl"].result_list) == is_found


@pytest.mark.parametrize(
    ("stored", "typed"), [("Élodie", "e\u0301LODIE"), ("E\u0301lodie", "éLODIE"), ("ЖЁЛУДЬ", "жёлудь")]
)
def test_the_messages_of_the_conversation(stored: str, typed: str, admin_client: Client) -> None:
    customer = person()
    head = conversation(business(person()), customer)
    say(head, customer, [stored, "something else"])
    page = admin_client.get("/admin/conversations/conversation/", {"q": f"text:{typed}"})
    assert len(page.context["cl"].result_list) == 1
    page = admin_client.get(f"/admin/conversations/conversation/{head.pk}/change/", {"q": typed})
    assert len(page.context["page"].messages) == 1


@pytest.mark.parametrize("typed", ["ren\u00e9e", "rene\u0301e"])
def test_usernames_are_looked_up_as_the_login_does(typed: str, admin_client: Client) -> None:
    user = User.objects.create_user("rene\u0301e")
    assert user.username == "ren\u00e9e"
    owner = person()
    shop = business(owner)
    assert find_person({"person": typed, "username": None, "id": None}) == user.pk
    assert invitations.invite(inviter_id=owner.pk, business_id=shop.pk, username=typed).invitee == user
    for where in ("report", "auditentry"):
        assert admin_client.get(f"/admin/conversations/{where}/", {"q": typed}).status_code == 200


# What only the list finds, because it looks inside words and at punctuation, too.
FOUND_BY_THE_LIST = {
    ("ello", "HELLO there"),
    ("1024", "91024"),
    ('"the deliv"', "When is the delivery?"),
    ("%", "100%"),
}


@pytest.mark.parametrize(
    ("query", "text", "is_found"),
    [(*pair, True) for pair in FINDS] + [(*pair, pair in FOUND_BY_THE_LIST) for pair in MISSES],
)
def test_a_search_of_the_list_finds_what_a_search_for_messages_finds(
    query: str, text: str, is_found: bool
) -> None:
    owner, customer = person(), person()
    head = conversation(business(owner), customer)
    say(head, customer, [text])
    page = conversation_page(owner.pk, limit=10, filters=Filters(search=query))
    assert [found.id for found in page.conversations] == ([head.pk] if is_found else [])


def test_folding_twice_changes_nothing() -> None:
    for stored, typed in SPELLINGS:
        assert fold(fold(stored)) == fold(stored)
        assert fold(typed) in fold(stored)
