"""`?around=SEQ` opens a conversation at a message, and its links continue from there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def page_of() -> Any:
    member = person()
    where = conversation(business(member))
    say(where, member, [f"message {number}" for number in range(1, 21)])

    def read(address: str) -> tuple[list[int], dict[str, Any]]:
        if not address.startswith("http"):
            address = f"/chat/conversations/{where.pk}/messages?{address}"
        answer = client_of(member).get(address)
        assert answer.status_code == 200, answer.content
        return [message["seq"] for message in answer.json()["results"]], answer.json()

    return read


def test_the_message_is_among_its_neighbours(page_of: Any) -> None:
    seqs, body = page_of("around=10&limit=6")
    assert seqs == [8, 9, 10, 11, 12, 13]
    older, _ = page_of(body["next"])
    newer, _ = page_of(body["previous"])
    assert older == [2, 3, 4, 5, 6, 7]
    assert newer == [14, 15, 16, 17, 18, 19]


@pytest.mark.parametrize(
    ("around", "seqs", "older", "newer"),
    [
        (1, [1, 2, 3, 4], False, True),
        (20, [18, 19, 20], True, False),
        (0, [1, 2, 3], False, True),
        (10**9, [18, 19, 20], True, False),
    ],
)
def test_at_the_ends_the_page_is_shorter(
    page_of: Any, around: int, seqs: list[int], older: bool, newer: bool
) -> None:
    found, body = page_of(f"around={around}&limit=6")
    assert found == seqs
    assert (body["next"] is not None) is older
    assert (body["previous"] is not None) is newer


def test_a_page_of_one_is_the_message(page_of: Any) -> None:
    assert page_of("around=7&limit=1")[0] == [7]


@pytest.mark.parametrize("around", ["-1", "x", "1.5", "9" * 30])
def test_an_invalid_seq_is_refused(page_of: Any, around: str) -> None:
    with pytest.raises(AssertionError, match="invalid"):
        page_of(f"around={around}")
