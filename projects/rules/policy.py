"""Lag policies as versioned data: what turns a light, in which city, in which year.

No threshold is code. A policy is a JSON object; `Policy.from_json` reads it strictly (an unknown key is
refused, never ignored), `to_json` writes it back. For each kind of subject it may have a section; a kind
without one gets no light. How the rules of the real cities are said in it (`policies/*.json`):

=====================  =================================================================================
银川 2025              `sites`, `indicators`: `lag` in percentage points: at_least 10 yellow, more_than 30
                       red; `start` 1 / 3 months
三亚 2022              `sites`, `indicators`: `lag` relative: more_than 0 yellow, 50 red; `divisions`:
                       `months` missed yellow, 2 running red
天津 2022              `funding`: even spending over 6 months after the month of issue; `lag` relative:
                       more_than 0 yellow, 30 red
瓯海 2020              `months`: missed red, made_good yellow (never green)
南京 2016              `divisions`: `months` without lights: `outputs` 1 month written reason, 2 running
                       interview, `year_outputs` 问责
New York State         `overdue`: 3 months or more past the planned date
=====================  =================================================================================

Schema 1 (one rule for sites at the top level, months that nothing was judged by) keeps reading: its `months`
become those of divisions. Writing is always schema 2.

A further rule is a further optional section in `policy_sections`, a branch in `lights` or `months`, a
sentence in `explain`, and a new `schema` number.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from projects.rules.errors import gettext_noop as _
from projects.rules.policy_reader import Node, PolicyError
from projects.rules.policy_sections import (
    SEVERITY,
    Against,
    Band,
    Basis,
    DivergenceRule,
    FundingRule,
    LagRule,
    MetBy,
    MetRule,
    MonthlyRule,
    MonthOutput,
    MonthsRule,
    ScheduleKind,
    SubjectRule,
    YearOutput,
    divergence_json,
    funding_json,
    read_divergence,
    read_division,
    read_funding,
    read_subject,
    subject_json,
)
from projects.rules.vocabulary import Subject

__all__ = [
    "SEVERITY",
    "YINCHUAN_2025",
    "Against",
    "Band",
    "Basis",
    "DivergenceRule",
    "FundingRule",
    "LagRule",
    "MetBy",
    "MetRule",
    "MonthOutput",
    "MonthlyRule",
    "MonthsRule",
    "Policy",
    "PolicyError",
    "ScheduleKind",
    "SubjectRule",
    "YearOutput",
    "packaged",
    "packaged_keys",
]

SCHEMA: Final = 2
PACKAGED: Final = Path(__file__).parent / "policies"
NO_RULE: Final = SubjectRule()


@dataclass(frozen=True)
class Policy:
    """One city's rule of one year, in one version. Immutable: a change is a new version."""

    key: str
    version: int
    title: str
    source: str
    against: Against
    sites: SubjectRule | None = None
    indicators: SubjectRule | None = None
    divisions: SubjectRule | None = None
    funding: FundingRule | None = None
    divergence: DivergenceRule | None = None
    title_en: str = ""
    source_en: str = ""

    @cached_property
    def _rules(self) -> Mapping[Subject, SubjectRule]:
        funding = None if self.funding is None else SubjectRule(lag=self.funding.lag)
        return {
            Subject.SITE: self.sites or NO_RULE,
            Subject.INDICATOR: self.indicators or NO_RULE,
            Subject.DIVISION: self.divisions or NO_RULE,
            Subject.FUNDING: funding or NO_RULE,
            # No source has a rule for projects besides that for what they promise (`promised`).
            Subject.PROJECT: self.indicators or NO_RULE,
        }

    def rule(self, subject: Subject) -> SubjectRule:
        """What judges subjects of a kind; an empty rule, under which nothing has a light, if nothing does."""
        return self._rules[subject]

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Policy":
        """Read a policy; PolicyError names the place in the data and what is allowed there."""
        node = Node(data, "")
        schema = node.whole("schema")
        if schema == 1:
            return cls.from_json(_from_schema_1(node))
        if schema != SCHEMA:
            raise PolicyError(
                _("schema 为 {found},本系统只能读 {known}。"), found=schema, known=f"1、{SCHEMA}"
            )
        node.only(
            *("schema", "key", "version", "title", "title_en", "source", "source_en", "against"),
            *("sites", "indicators", "divisions", "funding", "divergence"),
        )
        policy = cls(
            key=node.text("key"),
            version=node.whole("version"),
            title=node.text("title"),
            source=node.text("source"),
            against=node.word("against", Against),
            sites=read_subject(node.child("sites")) if node.has("sites") else None,
            indicators=read_subject(node.child("indicators")) if node.has("indicators") else None,
            divisions=read_division(node.child("divisions")) if node.has("divisions") else None,
            funding=read_funding(node.child("funding")) if node.has("funding") else None,
            divergence=read_divergence(node.child("divergence")) if node.has("divergence") else None,
            title_en=node.optional_text("title_en"),
            source_en=node.optional_text("source_en"),
        )
        if not any((policy.sites, policy.indicators, policy.divisions, policy.funding)):
            raise PolicyError(_("规则至少要有 sites、indicators、divisions、funding 四项之一。"))
        return policy

    def to_json(self) -> dict[str, object]:
        """The policy as JSON-ready data of the newest schema; `from_json` of it is equal to this policy."""
        data: dict[str, object] = {"schema": SCHEMA, "key": self.key, "version": self.version}
        data["title"] = self.title
        if self.title_en:
            data["title_en"] = self.title_en
        data["source"] = self.source
        if self.source_en:
            data["source_en"] = self.source_en
        data["against"] = self.against.value
        for name, rule in (
            ("sites", self.sites),
            ("indicators", self.indicators),
            ("divisions", self.divisions),
        ):
            if rule is not None:
                data[name] = subject_json(rule)
        if self.funding is not None:
            data["funding"] = funding_json(self.funding)
        if self.divergence is not None:
            data["divergence"] = divergence_json(self.divergence)
        return data


def _from_schema_1(node: Node) -> dict[str, object]:
    """The same policy in the words of schema 2."""
    node.only("schema", "key", "version", "title", "source", "against", "lag", "start", "overdue", "months")
    head = ("key", "version", "title", "source", "against")
    data: dict[str, object] = {"schema": SCHEMA, **{key: node.data[key] for key in head if node.has(key)}}
    site = {key: node.data[key] for key in ("lag", "start", "overdue") if node.has(key)}
    if site:
        data["sites"] = site
    if node.has("months"):
        months = node.child("months")
        months.only("missed", "made_good", "running", "outputs")
        data["divisions"] = {"months": months.data}
    return data


def packaged_keys() -> tuple[str, ...]:
    """The keys of the policies that come with the code, in order."""
    return tuple(sorted(path.stem for path in PACKAGED.glob("*.json")))


def packaged(key: str) -> Policy:
    """A policy that comes with the code (`policies/<key>.json`). KeyError for a key that does not exist."""
    if key not in packaged_keys():
        raise KeyError(key)
    return Policy.from_json(json.loads((PACKAGED / f"{key}.json").read_text(encoding="utf-8")))


YINCHUAN_2025: Final = packaged("yinchuan-2025")
