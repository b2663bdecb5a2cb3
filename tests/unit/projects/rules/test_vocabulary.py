"""The words: contracts with the database, the API and the files."""

import pytest

from projects.rules import vocabulary as v
from projects.rules.lights import Reason
from projects.rules.policy import Against, Basis
from projects.rules.progress import OutputState

VALUES = {
    v.Stage: "planned sited building finished verified suspended cancelled",
    v.Service: "open closed_temporarily closed unknown",
    v.Light: "green yellow red blue none",
    v.Publication: "draft submitted published withdrawn",
    v.Counting: "sites quantity reported",
    v.CompletionType: "within_year construction_started",
    v.DivisionLevel: "province city county township zone",
    v.FundingSource: "city district other",
    v.Role: "district_editor department_editor verifier supervisor administrator publisher",
}


@pytest.mark.parametrize("words", VALUES)
def test_values_are_a_contract(words: type[v.Word]) -> None:
    assert [word.value for word in words] == VALUES[words].split()


@pytest.mark.parametrize("words", [*VALUES, Reason, OutputState, Against, Basis])
def test_every_word_has_a_term_of_its_own(words: type[v.Word]) -> None:
    terms = [word.term for word in words]
    assert all(terms)
    assert len(set(terms)) == len(terms)


@pytest.mark.parametrize("words", VALUES)
def test_a_word_is_found_by_its_value_and_nothing_else_is(words: type[v.Word]) -> None:
    for word in words:
        assert words(word.value) is word
    with pytest.raises(ValueError, match="nonsense"):
        words("nonsense")


def test_stages_are_ordered_and_divided() -> None:
    assert sorted(v.STAGE_ORDER) == sorted(v.Stage)
    assert not v.FINISHED & v.UNDER_WAY
    assert set(v.Stage) - v.FINISHED - v.UNDER_WAY == {v.Stage.SUSPENDED, v.Stage.CANCELLED}
