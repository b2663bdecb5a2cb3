"""What the index's numbers stand for: nothing is lost on the way in and out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.actions.siterows import public_id_of
from projects.readmodels.sitecolumns import (
    COLUMNS,
    LIGHTS,
    PUBLICATIONS,
    SERVICES,
    STAGES,
    Codes,
    Numbering,
    pack_public_ids,
    services_of,
    stages_of,
    standing_counts,
    state_counts,
    state_number,
    state_table,
    unpack_public_ids,
)
from projects.rules.vocabulary import Publication, Service, Stage

STATES = [
    (p, s, t) for p in range(len(PUBLICATIONS)) for s in range(len(SERVICES)) for t in range(len(STAGES))
]


@given(st.lists(st.text(min_size=1, max_size=20)))
def test_a_public_id_comes_out_as_it_went_in(codes: list[str]) -> None:
    ids = [public_id_of(code) for code in codes]
    assert unpack_public_ids(*pack_public_ids(ids)) == ids


@pytest.mark.parametrize(
    "wrong", ["", "abc", "ABCDEFGHIJKL", "abcdefghijk1", "aaaaaaaaaaab", "abcdefghijkaa", "点"]
)
def test_what_is_no_public_id_is_refused(wrong: str) -> None:
    with pytest.raises((ValueError, UnicodeEncodeError)):
        pack_public_ids([public_id_of("x"), wrong])


def test_states_are_numbered_once_each_and_fit_a_byte() -> None:
    numbers = [state_number(*state) for state in STATES]
    assert numbers == list(range(len(STATES)))
    assert max(numbers) < 256
    states = np.array(numbers, dtype=np.uint8)
    assert stages_of(states) == [STAGES[t].value for _p, _s, t in STATES]
    assert services_of(states) == [SERVICES[s].value for _p, s, _t in STATES]


@given(
    st.sets(st.sampled_from(Publication)), st.sets(st.sampled_from(Service)), st.sets(st.sampled_from(Stage))
)
def test_a_table_of_states_is_the_conjunction(
    publications: set[Publication], services: set[Service], stages: set[Stage]
) -> None:
    table = state_table(publications, services, stages)
    for number, (p, s, t) in enumerate(STATES):
        assert table[number] == (
            (not publications or PUBLICATIONS[p] in publications)
            and (not services or SERVICES[s] in services)
            and (not stages or STAGES[t] in stages)
        )


def test_what_is_public_is_one_run_of_states() -> None:
    public = np.flatnonzero(state_table({Publication.PUBLISHED}, (), ()))
    assert (np.diff(public) == 1).all()


@given(st.lists(st.integers(0, len(STATES) - 1)))
def test_counts_by_state_add_up_by_service_and_by_stage(states: list[int]) -> None:
    services, stages = state_counts(np.bincount(states))
    assert services.tolist() == [sum(STATES[n][1] == s for n in states) for s in range(len(SERVICES))]
    assert stages.tolist() == [sum(STATES[n][2] == t for n in states) for t in range(len(STAGES))]


def test_counts_by_standing_are_a_table_of_sets_and_lights() -> None:
    assert standing_counts(np.array([1, 0, 2])).tolist() == [[1, 0, 2, 0, 0]]
    assert standing_counts(np.zeros(0, np.int64)).shape == (0, len(LIGHTS))
    assert standing_counts(np.arange(11)).shape == (3, len(LIGHTS))


def test_numbers_never_change_and_copies_grow_apart() -> None:
    numbering = Numbering(["a", "b"])
    other = numbering.copy()
    assert (other.number("c"), other.number("a"), len(numbering)) == (2, 0, 2)
    assert other.known({"a", "c", "zzz"}) == {0, 2}


def test_codes_survive_the_token_of_a_file() -> None:
    codes = Codes.start([7, 3])
    codes.combos.number((4, 9))
    codes.areas.number(5)
    again = Codes.from_json(codes.as_json())
    assert again.combos.keys == [(), (4, 9)]
    assert again.areas.keys == [7, 3, 5]
    with pytest.raises((KeyError, TypeError)):
        Codes.from_json({"combos": [[1]]})


@pytest.mark.parametrize(
    ("areas", "combos", "area_type", "standing_type"),
    [(10, 10, np.uint16, np.uint16), (40_000, 10, np.uint32, np.uint16), (10, 7_000, np.uint16, np.uint32)],
)
def test_columns_are_as_wide_as_the_numbers_need(
    areas: int, combos: int, area_type: type, standing_type: type
) -> None:
    codes = Codes(Numbering([(), *((n,) for n in range(combos))]), Numbering(range(areas)))
    schema = codes.schema()
    assert tuple(schema) == COLUMNS
    assert (schema["division"], schema["standing"]) == (area_type, standing_type)
    assert codes.fits({name: np.dtype(kind) for name, kind in schema.items()})
    narrow = dict.fromkeys(COLUMNS, np.dtype(np.uint8))
    assert codes.fits(narrow) == (areas <= 256 and (combos + 1) * len(LIGHTS) <= 256)
