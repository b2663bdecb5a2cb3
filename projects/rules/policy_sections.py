"""The sections of a policy, and how each is read from JSON and written back.

Reading is strict: an unknown key, a threshold that does not rise, a light that gets better with more delay
are refused with a sentence that names the place. What a section means is said where it is applied (`lights`,
`months`, `divergence`).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from projects.rules.errors import gettext_noop as _
from projects.rules.period import Period
from projects.rules.policy_reader import Node, PolicyError
from projects.rules.steps import MonthSteps
from projects.rules.vocabulary import Light, Word

SEVERITY: Final = {Light.GREEN: 0, Light.YELLOW: 1, Light.RED: 2}
"""The lights that judge, by how bad they are; blue and none judge nothing."""

WHOLE_PLAN: Final = Decimal(100)


class Against(Word):
    """Which plan lateness is measured against. Both plans are shown whichever it is."""

    BASELINE = "baseline", _("基线计划")  # the first agreed dates: a reschedule never makes a site on time
    APPROVED = (
        "approved",
        _("批准的调整计划"),
    )  # the latest approved change in force on the day, the baseline before any


class Basis(Word):
    """What a lag is measured in."""

    PERCENTAGE_POINTS = "percentage_points", _("百分点")  # planned - actual
    RELATIVE = (
        "relative",
        _("占计划的百分比"),
    )  # (planned - actual) / planned, in percent; no lag while nothing is planned


class MetBy(Word):
    """What of a subject with several parts (a district and its indicators) must have met the month."""

    ALL = "all", _("每一项都达到")
    MEAN = "mean", _("各项平均达到")  # mean of actual percents, each at most 100, against mean of planned


class ScheduleKind(Word):
    """How spending is expected to go on."""

    MONTHS_AFTER_ISSUE = "months_after_issue", _("自下达次月起按月均衡")
    PERIOD_MONTHS = "period_months", _("按年度已结束的月数")


@dataclass(frozen=True, slots=True)
class Band:
    """`light` from this lag on (`inclusive`: the threshold itself belongs to it) up to the next band."""

    light: Light
    threshold: Decimal
    inclusive: bool
    note: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class LagRule:
    """Bands by rising lag; below the first one the light is green."""

    basis: Basis
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class MonthsRule:
    """`light` after so many months: of not having started, past the planned finish, or missed running."""

    light: Light
    months: int


@dataclass(frozen=True, slots=True)
class MonthOutput:
    """What a policy asks for (an interview, a written reason) after `months` missed months running."""

    name: str
    months: int
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class YearOutput:
    """What a policy asks for when the whole year was missed (问责)."""

    name: str
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class MetRule:
    """A month is met when the actual at its close reaches `of_plan` percent of what was planned then."""

    of_plan: Decimal = WHOLE_PLAN
    by: MetBy = MetBy.ALL


@dataclass(frozen=True, slots=True)
class MonthlyRule:
    """Light of a missed month, of one made good later, and of several missed running; and the outputs.

    `missed` and `made_good` are `none` when the policy knows outputs only (南京): no month gets a light then.
    """

    missed: Light
    made_good: Light
    running: tuple[MonthsRule, ...] = ()
    outputs: tuple[MonthOutput, ...] = ()
    year_outputs: tuple[YearOutput, ...] = ()
    met: MetRule = MetRule()

    @property
    def gives_lights(self) -> bool:
        return self.missed is not Light.NONE


@dataclass(frozen=True)
class SubjectRule:
    """What judges one kind of subject: day by day (`lag`, `start`, `overdue`), or else month by month."""

    lag: LagRule | None = None
    start: tuple[MonthsRule, ...] = ()
    overdue: tuple[MonthsRule, ...] = ()
    monthly: MonthlyRule | None = None

    @cached_property
    def judges_days(self) -> bool:
        """Whether any section judges day by day; then the months give no light of their own to the days."""
        return self.lag is not None or bool(self.start or self.overdue)


@dataclass(frozen=True, slots=True)
class FundingRule:
    """How spending is expected to go on, and what judges a funding line that lags behind it."""

    schedule: ScheduleKind
    months: int | None
    lag: LagRule

    def plan(self, period: Period, issued_on: date | None = None) -> MonthSteps | None:
        """The plan of a funding line. None where the policy counts from the issue and its day is unknown."""
        if self.schedule is ScheduleKind.PERIOD_MONTHS or self.months is None:
            return MonthSteps.over(period)
        return None if issued_on is None else MonthSteps.after_issue(issued_on, self.months)


@dataclass(frozen=True, slots=True)
class DivergenceRule:
    """Reported minus counted progress of `points` percentage points or more is flagged."""

    points: Decimal


def read_subject(node: Node) -> SubjectRule:
    """`sites`, `indicators` or `divisions` of a policy."""
    node.only("lag", "start", "overdue", "months")
    rule = SubjectRule(
        lag=read_lag(node.child("lag")) if node.has("lag") else None,
        start=read_month_rules(node, "start"),
        overdue=read_month_rules(node, "overdue"),
        monthly=read_months(node.child("months")) if node.has("months") else None,
    )
    if not rule.judges_days and rule.monthly is None:
        raise PolicyError(_("{path} 至少要有 lag、start、overdue、months 四项之一。"), path=node.path)
    return rule


def read_division(node: Node) -> SubjectRule:
    """A division has no progress of its own: only its months are judged."""
    node.only("months")
    return SubjectRule(monthly=read_months(node.child("months")))


def read_funding(node: Node) -> FundingRule:
    node.only("schedule", "lag")
    schedule = node.child("schedule")
    kind = schedule.word("kind", ScheduleKind)
    counts = kind is ScheduleKind.MONTHS_AFTER_ISSUE
    schedule.only("kind", *(["months"] if counts else []))
    return FundingRule(kind, schedule.whole("months") if counts else None, read_lag(node.child("lag")))


def read_divergence(node: Node) -> DivergenceRule:
    node.only("points")
    return DivergenceRule(_above_zero(node, "points"))


def read_lag(node: Node) -> LagRule:
    node.only("basis", "bands")
    bands: list[Band] = []
    for item in node.children("bands"):
        item.only("light", "at_least", "more_than", "note", "note_en")
        if item.has("at_least") == item.has("more_than"):
            raise PolicyError(_("{path} 须且只须写 at_least、more_than 之一。"), path=item.path)
        inclusive = item.has("at_least")
        band = Band(
            light=item.word("light", Light),
            threshold=item.percent("at_least" if inclusive else "more_than"),
            inclusive=inclusive,
            note=item.optional_text("note"),
            note_en=item.optional_text("note_en"),
        )
        # At one threshold "at least" comes before "more than": the one day between them is its band.
        rank = (band.threshold, not band.inclusive)
        _check_worsening(item, band.light, bands[-1].light if bands else Light.GREEN)
        if bands and rank <= (bands[-1].threshold, not bands[-1].inclusive):
            raise PolicyError(_("{path} 的界限须大于前一档。"), path=item.path)
        bands.append(band)
    if not bands:
        raise PolicyError(_("{path} 至少要有一档。"), path=node.at("bands"))
    return LagRule(node.word("basis", Basis), tuple(bands))


def read_month_rules(node: Node, key: str, first: Light = Light.GREEN) -> tuple[MonthsRule, ...]:
    """A list of `{light, months}`, each later and not milder; the first not milder than `first`."""
    rules: list[MonthsRule] = []
    for item in node.children(key):
        item.only("light", "months")
        rule = MonthsRule(item.word("light", Light), item.whole("months"))
        _check_worsening(item, rule.light, rules[-1].light if rules else first)
        if rules and rule.months <= rules[-1].months:
            raise PolicyError(_("{path} 的界限须大于前一档。"), path=item.path)
        rules.append(rule)
    return tuple(rules)


def read_months(node: Node) -> MonthlyRule:
    node.only("met", "missed", "made_good", "running", "outputs", "year_outputs")
    outputs = []
    for item in node.children("outputs"):
        item.only("name", "months", "name_en")
        outputs.append(MonthOutput(item.text("name"), item.whole("months"), item.optional_text("name_en")))
    year_outputs = []
    for item in node.children("year_outputs"):
        item.only("name", "name_en")
        year_outputs.append(YearOutput(item.text("name"), item.optional_text("name_en")))
    missed, made_good = _month_lights(node, needed=not (outputs or year_outputs))
    return MonthlyRule(
        missed=missed,
        made_good=made_good,
        running=read_month_rules(node, "running", missed if missed in SEVERITY else Light.GREEN),
        outputs=tuple(outputs),
        year_outputs=tuple(year_outputs),
        met=_met(node.child("met")) if node.has("met") else MetRule(),
    )


def _month_lights(node: Node, *, needed: bool) -> tuple[Light, Light]:
    if not (needed or any(node.has(key) for key in ("missed", "made_good", "running"))):
        return Light.NONE, Light.NONE
    missed, made_good = _judged(node, "missed"), _judged(node, "made_good")
    if SEVERITY[made_good] > SEVERITY[missed]:
        raise PolicyError(_("{path} 的灯不能比 missed 更重。"), path=node.at("made_good"))
    return missed, made_good


def _met(node: Node) -> MetRule:
    node.only("of_plan", "by")
    return MetRule(
        of_plan=_above_zero(node, "of_plan") if node.has("of_plan") else WHOLE_PLAN,
        by=node.word("by", MetBy) if node.has("by") else MetBy.ALL,
    )


def _above_zero(node: Node, key: str) -> Decimal:
    value = node.percent(key)
    if value == 0:
        raise PolicyError(_("{path} 须大于 0。"), path=node.at(key))
    return value


def _judged(node: Node, key: str) -> Light:
    light = node.word(key, Light)
    if light not in SEVERITY:
        raise PolicyError(_("{path} 只能是 green、yellow 或 red。"), path=node.at(key))
    return light


def _check_worsening(node: Node, light: Light, before: Light) -> None:
    """Further behind is never a better light: the projection of spans and their cache rest on it."""
    if light not in SEVERITY:
        raise PolicyError(_("{path} 只能是 green、yellow 或 red。"), path=node.at("light"))
    if SEVERITY[light] < SEVERITY[before]:
        raise PolicyError(_("{path} 的灯不能比前一档轻。"), path=node.path)


def subject_json(rule: SubjectRule) -> dict[str, object]:
    data: dict[str, object] = {}
    if rule.lag is not None:
        data["lag"] = _lag_json(rule.lag)
    if rule.start:
        data["start"] = [_rule_json(step) for step in rule.start]
    if rule.overdue:
        data["overdue"] = [_rule_json(step) for step in rule.overdue]
    if rule.monthly is not None:
        data["months"] = _months_json(rule.monthly)
    return data


def funding_json(rule: FundingRule) -> dict[str, object]:
    schedule: dict[str, object] = {"kind": rule.schedule.value}
    if rule.months is not None:
        schedule["months"] = rule.months
    return {"schedule": schedule, "lag": _lag_json(rule.lag)}


def divergence_json(rule: DivergenceRule) -> dict[str, object]:
    return {"points": str(rule.points)}


def _months_json(rule: MonthlyRule) -> dict[str, object]:
    data: dict[str, object] = {"met": {"of_plan": str(rule.met.of_plan), "by": rule.met.by.value}}
    if rule.gives_lights:
        data |= {"missed": rule.missed.value, "made_good": rule.made_good.value}
        data["running"] = [_rule_json(step) for step in rule.running]
    data["outputs"] = [
        {"name": out.name, "months": out.months} | _given("name_en", out.name_en) for out in rule.outputs
    ]
    data["year_outputs"] = [{"name": out.name} | _given("name_en", out.name_en) for out in rule.year_outputs]
    return data


def _lag_json(rule: LagRule) -> dict[str, object]:
    return {"basis": rule.basis.value, "bands": [_band_json(band) for band in rule.bands]}


def _band_json(band: Band) -> dict[str, object]:
    data: dict[str, object] = {
        "light": band.light.value,
        "at_least" if band.inclusive else "more_than": str(band.threshold),
    }
    return data | _given("note", band.note) | _given("note_en", band.note_en)


def _rule_json(rule: MonthsRule) -> dict[str, object]:
    return {"light": rule.light.value, "months": rule.months}


def _given(key: str, text: str) -> dict[str, object]:
    return {key: text} if text else {}
