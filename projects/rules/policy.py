"""Lag policies as versioned data: what turns a light, in which city, in which year.

No threshold is code. A policy is a JSON object; `Policy.from_json` reads it strictly (an unknown key is
refused, never ignored), `to_json` writes it back. How the rules of the real cities are said in it:

=====================  =================================================================================
银川 2025              `lag` in percentage points: at_least 10 yellow, more_than 30 red; `start` 1 / 3 months
三亚 2022              `lag` relative: more_than 0 yellow, 50 red; `months` missed yellow, 2 running red
瓯海 2020              `months`: missed red, made_good yellow (never green)
南京 2016              `months` with `outputs`: 1 month written reason, 2 running interview
New York State         `overdue`: 3 months or more past the planned date
天津 2022              `lag` relative: more_than 0 yellow, 30 red, on a funding line whose plan is the
                       even spending over 6 months (the plan is the line's, not the policy's)
=====================  =================================================================================

A further rule is a further optional section here, a branch in `lights` or `months`, and a new `schema`
number.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Final

from projects.rules.errors import gettext_noop as _
from projects.rules.policy_reader import Node, PolicyError
from projects.rules.vocabulary import Light, Word

__all__ = [
    "YINCHUAN_2025",
    "Against",
    "Band",
    "Basis",
    "LagRule",
    "MonthOutput",
    "MonthlyRule",
    "MonthsRule",
    "Policy",
    "PolicyError",
    "packaged",
]

SCHEMA: Final = 1
PACKAGED: Final = Path(__file__).parent / "policies"


SEVERITY: Final = {Light.GREEN: 0, Light.YELLOW: 1, Light.RED: 2}
"""The lights that judge, by how bad they are; blue and none judge nothing."""


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


@dataclass(frozen=True, slots=True)
class Band:
    """`light` from this lag on (`inclusive`: the threshold itself belongs to it) up to the next band."""

    light: Light
    threshold: Decimal
    inclusive: bool
    note: str = ""


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


@dataclass(frozen=True, slots=True)
class MonthlyRule:
    """Light of a missed month, of one made good later, and of several missed running; and the outputs."""

    missed: Light
    made_good: Light
    running: tuple[MonthsRule, ...] = ()
    outputs: tuple[MonthOutput, ...] = ()


@dataclass(frozen=True)
class Policy:
    """One city's rule of one year, in one version. Immutable: a change is a new version."""

    key: str
    version: int
    title: str
    source: str
    against: Against
    lag: LagRule | None = None
    start: tuple[MonthsRule, ...] = ()
    overdue: tuple[MonthsRule, ...] = ()
    monthly: MonthlyRule | None = None

    @cached_property
    def judges_days(self) -> bool:
        """Whether any section judges a site day by day (a purely monthly policy does not)."""
        return self.lag is not None or bool(self.start or self.overdue)

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Policy":
        """Read a policy; PolicyError names the place in the data and what is allowed there."""
        node = Node(data, "")
        node.only(
            "schema", "key", "version", "title", "source", "against", "lag", "start", "overdue", "months"
        )
        schema = node.whole("schema")
        if schema != SCHEMA:
            raise PolicyError(_("schema 为 {found},本系统只能读 {known}。"), found=schema, known=SCHEMA)
        policy = cls(
            key=node.text("key"),
            version=node.whole("version"),
            title=node.text("title"),
            source=node.text("source"),
            against=node.word("against", Against),
            lag=_lag(node.child("lag")) if node.has("lag") else None,
            start=_month_rules(node, "start"),
            overdue=_month_rules(node, "overdue"),
            monthly=_monthly(node.child("months")) if node.has("months") else None,
        )
        if not policy.judges_days and policy.monthly is None:
            raise PolicyError(_("规则至少要有 lag、start、overdue、months 四项之一。"))
        return policy

    def to_json(self) -> dict[str, object]:
        """The policy as JSON-ready data; `from_json` of it is equal to this policy."""
        data: dict[str, object] = {
            "schema": SCHEMA,
            "key": self.key,
            "version": self.version,
            "title": self.title,
            "source": self.source,
            "against": self.against.value,
        }
        if self.lag is not None:
            data["lag"] = {"basis": self.lag.basis.value, "bands": [_band_json(b) for b in self.lag.bands]}
        if self.start:
            data["start"] = [_rule_json(rule) for rule in self.start]
        if self.overdue:
            data["overdue"] = [_rule_json(rule) for rule in self.overdue]
        if self.monthly is not None:
            data["months"] = {
                "missed": self.monthly.missed.value,
                "made_good": self.monthly.made_good.value,
                "running": [_rule_json(rule) for rule in self.monthly.running],
                "outputs": [{"name": out.name, "months": out.months} for out in self.monthly.outputs],
            }
        return data


def _band_json(band: Band) -> dict[str, object]:
    data: dict[str, object] = {
        "light": band.light.value,
        "at_least" if band.inclusive else "more_than": str(band.threshold),
    }
    return data | {"note": band.note} if band.note else data


def _rule_json(rule: MonthsRule) -> dict[str, object]:
    return {"light": rule.light.value, "months": rule.months}


def _lag(node: Node) -> LagRule:
    node.only("basis", "bands")
    bands: list[Band] = []
    for item in node.children("bands"):
        item.only("light", "at_least", "more_than", "note")
        if item.has("at_least") == item.has("more_than"):
            raise PolicyError(_("{path} 须且只须写 at_least、more_than 之一。"), path=item.path)
        inclusive = item.has("at_least")
        band = Band(
            light=item.word("light", Light),
            threshold=item.percent("at_least" if inclusive else "more_than"),
            inclusive=inclusive,
            note=item.text("note") if item.has("note") else "",
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


def _month_rules(node: Node, key: str) -> tuple[MonthsRule, ...]:
    rules: list[MonthsRule] = []
    for item in node.children(key):
        item.only("light", "months")
        rule = MonthsRule(item.word("light", Light), item.whole("months"))
        _check_worsening(item, rule.light, rules[-1].light if rules else Light.GREEN)
        if rules and rule.months <= rules[-1].months:
            raise PolicyError(_("{path} 的界限须大于前一档。"), path=item.path)
        rules.append(rule)
    return tuple(rules)


def _monthly(node: Node) -> MonthlyRule:
    node.only("missed", "made_good", "running", "outputs")
    outputs = []
    for item in node.children("outputs"):
        item.only("name", "months")
        outputs.append(MonthOutput(item.text("name"), item.whole("months")))
    return MonthlyRule(
        missed=_judged(node, "missed"),
        made_good=_judged(node, "made_good"),
        running=_month_rules(node, "running"),
        outputs=tuple(outputs),
    )


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


def packaged(key: str) -> Policy:
    """A policy that comes with the code (`policies/<key>.json`). KeyError for a key that does not exist."""
    path = PACKAGED / f"{key}.json"
    if path not in PACKAGED.glob("*.json"):
        raise KeyError(key)
    return Policy.from_json(json.loads(path.read_text(encoding="utf-8")))


YINCHUAN_2025: Final = packaged("yinchuan-2025")
