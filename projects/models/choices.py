"""The words of projects.rules.vocabulary as a person reads them, in the order in which they are shown."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from projects.rules.vocabulary import (
    STAGE_ORDER,
    Checked,
    CheckLevel,
    CheckResult,
    CompletionType,
    Counting,
    Decision,
    DivisionLevel,
    FeedbackKind,
    FeedbackState,
    FundingSource,
    Light,
    OrderGrade,
    OrderState,
    OrderStep,
    PhotoPurpose,
    PhotoVerdict,
    PlanUnit,
    Publication,
    RaiseCause,
    Role,
    RowAction,
    SatisfactionBase,
    Service,
    SpotChecks,
    StagedState,
    Word,
)


def choices(words: Iterable[Word]) -> list[tuple[str, str | Promise]]:
    """Value and standard term of each word; the terms are translated by the vocabulary's own msgids."""
    return [(word.value, _(word.term)) for word in words]


STAGES = choices(STAGE_ORDER)
SERVICES = choices(Service)
LIGHTS = choices(Light)
PUBLICATIONS = choices(Publication)
COUNTINGS = choices(Counting)
COMPLETION_TYPES = choices(CompletionType)
LEVELS = choices(DivisionLevel)
FUNDING_SOURCES = choices(FundingSource)
ROLES = choices(Role)
SATISFACTION_BASES = choices(SatisfactionBase)
DECISIONS = choices(Decision)
PLAN_UNITS = choices(PlanUnit)
STAGED_STATES = choices(StagedState)
ROW_ACTIONS = choices(RowAction)
CHECK_LEVELS = choices(CheckLevel)
CHECK_RESULTS = choices(CheckResult)
CHECKED = choices(Checked)
SPOT_CHECKS = choices(SpotChecks)
PHOTO_PURPOSES = choices(PhotoPurpose)
PHOTO_VERDICTS = choices(PhotoVerdict)
ORDER_GRADES = choices(OrderGrade)
ORDER_STATES = choices(OrderState)
ORDER_STEPS = choices(OrderStep)
RAISE_CAUSES = choices(RaiseCause)
FEEDBACK_KINDS = choices(FeedbackKind)
FEEDBACK_STATES = choices(FeedbackState)
DATUMS = [
    ("wgs84", _("WGS-84(GPS)")),
    ("cgcs2000", _("CGCS2000(国家大地坐标系)")),
    ("gcj02", _("GCJ-02(高德、腾讯)")),
    ("bd09", _("BD-09(百度)")),
]
