"""One gapless sequence; each entry carries the hash of the one before."""

import datetime as dt
import hashlib
import json
from typing import Any

import orjson
import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from projects.actions import ledger
from projects.actions.chainentries import fast_canonical
from projects.actions.sites import change_site
from projects.models import AuditEntry, ChangeHead
from projects.models.rowdigests import utc_text
from tests.factories import World

pytestmark = pytest.mark.django_db


class TestLedger:
    def test_numbers_are_gapless_and_hashes_chain(self, world: World) -> None:
        world.add(*(world.draft() for _ in range(5)))
        site = world.site()
        change_site(access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"phone": "1"})
        entries = list(AuditEntry.objects.order_by("seq"))
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        previous = "0" * 64
        for entry in entries:
            assert entry.previous_hash == previous
            told = ledger.Entry(
                entry.action, entry.subject_type, entry.subject_id, entry.division_id, entry.payload
            )
            bytes_ = ledger.canonical(
                seq=entry.seq,
                recorded_at=entry.recorded_at,
                actor_id=entry.actor_id,
                entry=told,
                previous_hash=previous,
            )
            assert hashlib.sha256(bytes_).hexdigest() == entry.hash
            previous = entry.hash
        assert ChangeHead.objects.get().entry_hash == previous

    def test_numbers_come_back_after_a_rollback(self, world: World) -> None:
        world.site()
        seq = ChangeHead.objects.get().seq
        with pytest.raises(ZeroDivisionError), transaction.atomic(), ledger.take(3, actor_id=None):
            raise ZeroDivisionError
        assert ChangeHead.objects.get().seq == seq
        world.site()
        assert ChangeHead.objects.get().seq == seq + 1

    def test_a_number_without_an_entry_is_refused(self, world: World) -> None:
        with pytest.raises(RuntimeError), transaction.atomic(), ledger.take(1, actor_id=None):
            pass

    @pytest.mark.parametrize("value", [1.5, {"a": 0.1}, [float("nan")]])
    def test_payloads_hold_no_floats(self, value: Any) -> None:
        with pytest.raises(TypeError):
            ledger.canonical(
                seq=1,
                recorded_at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
                actor_id=None,
                entry=ledger.Entry("a", "b", "1", None, {"value": value}),
                previous_hash="",
            )


#: Everything that a payload may hold, text of all planes included.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WHOLE = st.integers(-(2**63), 2**64 - 1)
PAYLOADS = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(
    payload=st.dictionaries(TEXTS, PAYLOADS, max_size=5),
    words=st.tuples(TEXTS, TEXTS, TEXTS),
    numbers=st.tuples(WHOLE, st.none() | WHOLE, st.none() | WHOLE),
    moment=st.datetimes(timezones=st.timezones()),
)
def test_the_fast_canonical_form_is_the_ledgers(
    payload: dict[str, Any],
    words: tuple[str, str, str],
    numbers: tuple[int, int | None, int | None],
    moment: dt.datetime,
) -> None:
    action, subject_type, subject_id = words
    seq, actor_id, division_id = numbers
    entry = ledger.Entry(action, subject_type, subject_id, division_id, payload)
    try:
        recorded = utc_text(moment)
    except OverflowError:
        return
    slow = ledger.canonical(
        seq=seq, recorded_at=moment, actor_id=actor_id, entry=entry, previous_hash="0" * 64
    )
    # As it is read back: by orjson, from what Django stored.
    read = orjson.loads(json.dumps(payload))
    fast = fast_canonical(
        seq, recorded, actor_id, action, subject_type, subject_id, division_id, read, "0" * 64
    )
    assert fast == slow


@given(moment=st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC)))
def test_a_moment_is_one_text_on_both_databases(moment: dt.datetime) -> None:
    stored = str(moment.replace(tzinfo=None))  # what SQLite holds
    assert utc_text(stored) == utc_text(moment)
