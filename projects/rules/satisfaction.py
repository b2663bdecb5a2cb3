"""The satisfaction vote (满意度测评), by 镇海's rule: every threshold is half of the base.

满意 when the 满意 votes are at least half of the base; else 基本满意 when 满意 and 基本满意 together are at
least half; else 不满意. The source contradicts itself for the last two at exactly half: the higher grade is
taken, and `Result.is_tie` says so. Who abstained, or was entitled and did not come, counts in the base and
for no grade.
"""

from dataclasses import dataclass
from decimal import Decimal

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.schedule import EXACT, HUNDRED
from projects.rules.vocabulary import SatisfactionBase, SatisfactionGrade


@dataclass(frozen=True, slots=True)
class Vote:
    """Who was entitled to vote (应到), who was present (实到), and how the present voted.

    RuleError for a negative number, more present than entitled, more votes than present, or an empty base.
    """

    entitled: int
    present: int
    satisfied: int
    basically_satisfied: int
    dissatisfied: int
    base: SatisfactionBase = SatisfactionBase.PRESENT

    def __post_init__(self) -> None:
        numbers = (self.entitled, self.present, self.satisfied, self.basically_satisfied, self.dissatisfied)
        if any(number < 0 for number in numbers):
            raise RuleError(_("人数和票数不能为负。"))
        if self.present > self.entitled:
            raise RuleError(
                _("实到 {present} 人多于应到 {entitled} 人。"), present=self.present, entitled=self.entitled
            )
        if self.cast > self.present:
            raise RuleError(
                _("三种票合计 {cast} 张,多于实到 {present} 人。"), cast=self.cast, present=self.present
            )
        if self.base_count == 0:
            raise RuleError(_("作为基数的人数须大于 0。"))

    @property
    def cast(self) -> int:
        """Votes for any of the three grades."""
        return self.satisfied + self.basically_satisfied + self.dissatisfied

    @property
    def base_count(self) -> int:
        """How many people the votes are held against."""
        return self.entitled if self.base is SatisfactionBase.ENTITLED else self.present


@dataclass(frozen=True, slots=True)
class Result:
    """The grade; the share of the base that was 满意, in percent; whether a contradiction decided it."""

    grade: SatisfactionGrade
    satisfied_percent: Decimal
    is_tie: bool


def result_of(vote: Vote) -> Result:
    """What a vote comes to."""
    base, satisfied = vote.base_count, vote.satisfied
    approving = satisfied + vote.basically_satisfied
    is_tie = False
    if 2 * satisfied >= base:
        grade = SatisfactionGrade.SATISFIED
    elif 2 * approving >= base:
        grade = SatisfactionGrade.BASICALLY_SATISFIED
        is_tie = 2 * approving == base
    else:
        grade = SatisfactionGrade.DISSATISFIED
    return Result(grade, EXACT.divide(HUNDRED * satisfied, Decimal(base)), is_tie)
