"""The groups that a socket joins, and those that get a user's presence, take one query for any number of users."""

from __future__ import annotations

from pytest_django import DjangoAssertNumQueries

from chatsite.realtime import groups
from conversations import access
from tests.conversations.people import business, conversation, person


def test_what_a_socket_joins(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    both, stranger = person(), person()
    own, other = business(both), business(person())
    conversation(other, both)
    with django_assert_num_queries(1):
        nothing, (speaks_for, joined) = access.own_groups([stranger.pk, both.pk])
    assert nothing == (set(), [groups.user(str(stranger.pk))])
    assert speaks_for == {own.pk}
    assert sorted(joined) == sorted(
        [groups.user(str(both.pk)), groups.business_members(own.pk), groups.business_customers(other.pk)]
    )


def test_a_user_with_many_conversations(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    member, customer, stranger = person(), person(), person()
    shop = business(member)
    conversation(shop, customer)
    with django_assert_num_queries(1):
        found = access.contact_groups([str(member.pk), str(customer.pk), str(stranger.pk)])
    assert found == {
        str(member.pk): sorted([groups.business_members(shop.pk), groups.business_customers(shop.pk)]),
        str(customer.pk): [groups.business_members(shop.pk)],
        str(stranger.pk): [],
    }


def test_a_user_on_both_sides_is_counted_once(db: None) -> None:
    both = person()
    shop = business(both)
    conversation(business(person()), both)
    heard = access.contact_groups([str(both.pk)])[str(both.pk)]
    assert len(heard) == len(set(heard)) == 3
    assert groups.business_members(shop.pk) in heard
