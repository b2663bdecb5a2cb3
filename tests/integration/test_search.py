"""`q` finds what `icontains` finds, on both databases; nothing that a reader may not see comes out of the index."""

from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st

from projects.actions.sites import change_site, remove_site
from projects.models import Site, searchindex
from projects.readmodels import search
from projects.rules.vocabulary import Publication
from tests.factories import World

pytestmark = pytest.mark.django_db

#: Few letters, so that they meet; signs that mean something in a pattern, a query or a quotation.
LETTERS = "鄞州区村卫aAbZé1 0'\"\\%_*()-:&|!~ſß\ue000"
WORDS = st.lists(st.text(LETTERS.replace(" ", ""), min_size=1, max_size=4), min_size=1, max_size=3)
TEXTS = st.text(LETTERS, min_size=1, max_size=12).filter(lambda text: bool(text.strip()))


@pytest.fixture
def sites(world: World) -> list[Site]:
    return world.add(*(world.draft(code=f"DEMO-{number}") for number in range(6)))


def plainly(words: list[str], *, codes: bool) -> set[int]:
    """The oracle: Django's own icontains over every row."""
    return set(
        Site.objects.live()
        .filter(reduce(and_, [search.found_in(word, codes=codes) for word in words], Q()))
        .values_list("pk", flat=True)
    )


def found(words: list[str], *, codes: bool, limit: int = 100) -> list[int]:
    return search.matching_ids(Site.objects.live(), words, limit=limit, codes=codes)


@settings(max_examples=80)
@given(
    names=st.lists(TEXTS, min_size=6, max_size=6),
    addresses=st.lists(TEXTS, min_size=6, max_size=6),
    words=WORDS,
)
@example(names=["鄞州区卫"] * 6, addresses=["a"] * 6, words=["区卫"])
@example(names=["区"] * 6, addresses=["x"] * 6, words=["区"])
@example(names=["a%b_c\\'\""] * 6, addresses=["x"] * 6, words=["%b_", "\\'\""])
@example(names=["ſß"] * 6, addresses=["É"] * 6, words=["s", "é"])
def test_the_same_as_icontains(
    sites: list[Site], names: list[str], addresses: list[str], words: list[str]
) -> None:
    assert searchindex.is_installed(connection)
    for site, name, address in zip(sites, names, addresses, strict=True):
        Site.objects.filter(pk=site.pk).update(name=name, address=address)
    for codes in (False, True):
        assert set(found(words, codes=codes)) == plainly(words, codes=codes)
    assert len(found(words, codes=False, limit=2)) == min(2, len(plainly(words, codes=False)))


@pytest.mark.parametrize("word", ["DEMO-3", "demo-3", "MO-3", "3", "-3"])
def test_codes_are_for_staff_alone(sites: list[Site], word: str) -> None:
    Site.objects.filter(code="DEMO-3").update(name="某站")
    assert sites[3].pk in found([word], codes=True)
    assert sites[3].pk not in found([word], codes=False)


def test_a_word_that_begins_very_many_pieces(sites: list[Site], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_MOST_PIECES", 0)
    Site.objects.filter(pk=sites[2].pk).update(name="鄞州的站")
    assert found(["鄞州"], codes=False) == found(["鄞"], codes=True) == [sites[2].pk]
    assert found(["鄞", "的站"], codes=False) == [sites[2].pk]


def test_drafts_and_removed_sites_are_never_found_by_the_public(world: World, client: Client) -> None:
    hidden = world.site(name="秘密基地", publication=Publication.DRAFT)
    shown = world.site(name="公开基地")

    def ids(text: str) -> list[str]:
        return [row["id"] for row in client.get("/api/v1/sites/", {"q": text}).json()["features"]]

    assert ids("基地") == ids("公开基") == [shown.public_id]
    assert ids("秘密基") == ids(hidden.code) == []
    change_site(
        access=world.access("admin"),
        site_id=shown.pk,
        expected_version=shown.version,
        changes={"name": "新名"},
    )
    assert ids("基地") == [] and ids("新名") == [shown.public_id]
    remove_site(
        access=world.access("admin"), site_id=shown.pk, expected_version=shown.version + 1, reason="拆除"
    )
    assert ids("新名") == []


@pytest.fixture
def without_index(world: World) -> Iterator[None]:
    searchindex.remove(connection)
    search._installed.clear()
    yield
    search._installed.clear()


def test_without_the_index_every_row_is_compared(world: World, without_index: Any) -> None:
    site = world.site(name="鄞州某站")
    assert not searchindex.is_installed(connection)
    assert found(["鄞州"], codes=False) == [site.pk]
    # It comes back with the next migrate, filled with what is there.
    connection.check_constraints()  # what the test has written and not committed yet stands in an index's way
    searchindex.install(connection)
    assert searchindex.is_installed(connection)
    assert found(["某站"], codes=False) == [site.pk]
    assert not (connection.vendor == "sqlite" and not searchindex.is_possible(connection))
