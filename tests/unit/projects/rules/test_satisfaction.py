"""镇海's rule: what a satisfaction vote comes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.errors import RuleError
from projects.rules.funding import to_digits
from projects.rules.satisfaction import Vote, result_of
from projects.rules.vocabulary import SatisfactionBase, SatisfactionGrade

GOOD, FAIR, POOR = SatisfactionGrade


@pytest.mark.parametrize(
    ("present", "votes", "grade", "is_tie"),
    [
        # Real votes: of 29 present all three gave 满意.
        (29, (28, 1, 0), GOOD, False),
        (29, (20, 8, 1), GOOD, False),
        (29, (17, 11, 1), GOOD, False),
        (30, (15, 15, 0), GOOD, False),  # exactly half is enough
        (29, (14, 15, 0), FAIR, False),  # 14 of 29 is less than half
        (30, (14, 2, 14), FAIR, False),
        (30, (14, 1, 15), FAIR, True),  # together exactly half: the source contradicts itself
        (30, (0, 15, 15), FAIR, True),
        (30, (13, 1, 16), POOR, False),
        (30, (10, 4, 0), POOR, False),  # 16 abstained: they count in the base
        (30, (0, 0, 0), POOR, False),
        (1, (1, 0, 0), GOOD, False),
    ],
)
def test_grades(present: int, votes: tuple[int, int, int], grade: SatisfactionGrade, is_tie: bool) -> None:
    result = result_of(Vote(40, present, *votes))
    assert (result.grade, result.is_tie) == (grade, is_tie)


def test_the_base_decides() -> None:
    votes = (17, 11, 1)
    assert result_of(Vote(40, 29, *votes)).grade is GOOD
    assert result_of(Vote(40, 29, *votes, base=SatisfactionBase.ENTITLED)).grade is FAIR
    assert to_digits(result_of(Vote(40, 29, *votes)).satisfied_percent) == "58.6"
    assert (
        to_digits(result_of(Vote(40, 29, *votes, base=SatisfactionBase.ENTITLED)).satisfied_percent) == "42.5"
    )


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((40, 41, 1, 1, 1), "实到 41 人多于应到 40 人"),
        ((40, 29, 28, 1, 1), "三种票合计 30 张,多于实到 29 人"),
        ((40, 29, -1, 1, 1), "不能为负"),
        ((40, 0, 0, 0, 0), "基数的人数须大于 0"),
    ],
)
def test_a_vote_that_cannot_be_is_refused(numbers: tuple[int, int, int, int, int], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        Vote(*numbers)


@given(st.integers(1, 60), st.data())
def test_one_more_satisfied_vote_is_never_worse(present: int, data: st.DataObject) -> None:
    satisfied = data.draw(st.integers(0, present - 1))
    basically = data.draw(st.integers(0, present - 1 - satisfied))
    order = [POOR, FAIR, GOOD]
    before = result_of(Vote(present, present, satisfied, basically, 0)).grade
    after = result_of(Vote(present, present, satisfied + 1, basically, 0)).grade
    assert order.index(after) >= order.index(before)
