"""What a judgement says: the light of a day, its reason, and the figures behind it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from projects.rules.errors import gettext_noop as _
from projects.rules.policy_sections import Against
from projects.rules.vocabulary import Light, Stage, Word


class Reason(Word):
    """Why the light is what it is: the code is stored with spans, the term is what pages print."""

    NO_PLAN = "no_plan", _("没有计划")
    NO_TARGET = "no_target", _("无目标")  # nothing was promised that could be fallen short of
    NOT_ISSUED = "not_issued", _("未登记下达日期")  # money whose schedule counts from its issue
    NO_RULE = "no_rule", _("规则不评定此类对象")  # the policy has no section for it
    SUSPENDED = "suspended", _("已暂停")
    CANCELLED = "cancelled", _("已取消")
    VERIFIED = "verified", _("已完工并通过核验")
    FINISHED = "finished", _("已完工,待核验")
    COMPLETED = "completed", _("已全部完成")  # the whole target reached, or all the money used
    NOT_DUE = "not_due", _("未到计划开始日")
    ON_SCHEDULE = "on_schedule", _("符合序时进度")
    TOLERATED = "tolerated", _("略有滞后,在容许范围内")  # in a green band, or not yet long enough overdue
    BEHIND = "behind", _("进度滞后")  # in a yellow band
    FAR_BEHIND = "far_behind", _("进度严重滞后")  # in a red band
    NOT_REPORTED = "not_reported", _("未上报进度")  # yellow or red for want of any report
    NOT_STARTED = "not_started", _("未按计划月份开工")  # yellow by the start rule
    NOT_STARTED_LONG = "not_started_long", _("连续多月未开工")  # red by the start rule
    OVERDUE = "overdue", _("超过计划完成日")  # so many months past the planned finish
    MONTH_OPEN = "month_open", _("没有可评定的已结束月份")
    MONTH_MET = "month_met", _("当月任务完成")
    MONTH_MISSED = "month_missed", _("当月任务未完成")
    MONTHS_RUNNING = "months_running", _("连续多月未完成任务")
    MONTH_MADE_GOOD = "month_made_good", _("当月任务未完成,后已补上")


class Judged(NamedTuple):
    light: Light
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The light of one day and the figures behind it. Percent; `relative_lag` is a share (0.4 = 40 %).

    `planned` is by the plan that the policy measures against (`against`). `actual` is None when nothing was
    reported, and then there is no lag figure either; it is uncapped: overfulfilled and overspent are above
    100. A division has no figures of its own.
    """

    light: Light
    reason: Reason
    detail: str
    planned: Decimal | None
    actual: Decimal | None
    lag_pp: Decimal | None
    relative_lag: Decimal | None
    against: Against
    policy_key: str
    policy_version: int


# Settled by the stage alone, whatever the plan says.
BY_STAGE: Final = {
    Stage.VERIFIED: Judged(Light.BLUE, Reason.VERIFIED),
    Stage.FINISHED: Judged(Light.GREEN, Reason.FINISHED),
    Stage.SUSPENDED: Judged(Light.NONE, Reason.SUSPENDED),
    Stage.CANCELLED: Judged(Light.NONE, Reason.CANCELLED),
}
PAUSED: Final = frozenset({Stage.SUSPENDED, Stage.CANCELLED})
"""Nothing is expected of a site that is in one of these."""

NO_PLAN: Final = Judged(Light.NONE, Reason.NO_PLAN)
NO_RULE: Final = Judged(Light.NONE, Reason.NO_RULE)
NOT_DUE: Final = Judged(Light.GREEN, Reason.NOT_DUE)
ON_SCHEDULE: Final = Judged(Light.GREEN, Reason.ON_SCHEDULE)
COMPLETED: Final = Judged(Light.GREEN, Reason.COMPLETED)
OVERDUE_TOLERATED: Final = Judged(Light.GREEN, Reason.TOLERATED)
