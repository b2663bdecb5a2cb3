"""What the packaged demo programme says: categories, indicators, figures as published, facility kinds.

The data are in `ningbo2024/*.json`. Numbers are text there, `Decimal` here: none passes through a float.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from projects.rules.vocabulary import CompletionType, Counting, FundingSource

FOLDER: Final = Path(__file__).parent / "ningbo2024"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as printed. `value` is its number, in `unit`; `qualifier` what the words add to it (余)."""

    key: str
    label_zh: str
    label_en: str
    text: str
    value: Decimal
    unit: str
    qualifier: str = ""
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorData:
    """An indicator and its published actual. A `kind` says that places stand behind it (可落点)."""

    code: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    counting: Counting
    completion_type: CompletionType
    published: Figure
    subset_of: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class CategoryData:
    """One of the programme's groups (类)."""

    number: int
    slug: str
    name_zh: str
    name_en: str
    indicators: tuple[IndicatorData, ...]


@dataclass(frozen=True, slots=True)
class FundingData:
    """Money arranged by one source and, where it was published, used. Yuan."""

    source: FundingSource
    name: str
    arranged: Decimal
    used: Decimal | None


@dataclass(frozen=True, slots=True)
class KindData:
    """A facility kind, as `projects.models.FacilityKind` holds it."""

    number: int
    slug: str
    name_zh: str
    name_en: str
    group_zh: str
    group_en: str
    icon: str
    colour: str
    geometry: str
    attributes: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class CountyDensity:
    """How many of the synthetic sites a county gets (relative), in how many towns; is it central."""

    weight: float
    towns: int
    central: bool


@dataclass(frozen=True, slots=True)
class Density:
    """Where the synthetic sites are thick. `centre` is (longitude, latitude), EPSG:4326."""

    centre: tuple[float, float]
    counties: Mapping[str, CountyDensity]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The whole packaged programme."""

    key: str
    division: str
    year: int
    name_zh: str
    name_en: str
    period_start: dt.date
    period_end: dt.date
    cutoff: dt.date
    source: str
    categories: tuple[CategoryData, ...]
    figures: tuple[Figure, ...]
    funding: tuple[FundingData, ...]
    kinds: tuple[KindData, ...]
    density: Density

    @property
    def indicators(self) -> dict[str, IndicatorData]:
        """Every indicator by its code, in the order of the categories."""
        return {row.code: row for category in self.categories for row in category.indicators}


@cache
def ningbo_2024() -> Catalogue:
    """The programme 330200-2024 with its mid-year figures."""
    data = _read("programme.json")
    return Catalogue(
        key=data["key"],
        division=data["division"],
        year=data["year"],
        name_zh=data["name_zh"],
        name_en=data["name_en"],
        period_start=dt.date.fromisoformat(data["period_start"]),
        period_end=dt.date.fromisoformat(data["period_end"]),
        cutoff=dt.date.fromisoformat(data["cutoff"]),
        source=data["source"],
        categories=tuple(_category(row) for row in data["categories"]),
        figures=tuple(_figure(row) for row in data["figures"]),
        funding=tuple(
            FundingData(
                source=FundingSource(row["source"]),
                name=row["name"],
                arranged=Decimal(row["arranged"]),
                used=Decimal(row["used"]) if "used" in row else None,
            )
            for row in data["funding"]
        ),
        kinds=tuple(
            KindData(**{**row, "attributes": tuple(row["attributes"])}) for row in _read("kinds.json")
        ),
        density=_density(_read("density.json")),
    )


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def _category(row: Mapping[str, Any]) -> CategoryData:
    return CategoryData(
        number=row["number"],
        slug=row["slug"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        indicators=tuple(_indicator(item) for item in row["indicators"]),
    )


def _indicator(row: Mapping[str, Any]) -> IndicatorData:
    published = row["published"]
    return IndicatorData(
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        unit_zh=row["unit_zh"],
        unit_en=row["unit_en"],
        counting=Counting(row["counting"]),
        completion_type=CompletionType(row.get("completion_type", CompletionType.WITHIN_YEAR)),
        subset_of=row.get("subset_of", ""),
        kind=row.get("kind", ""),
        published=Figure(
            key=row["code"],
            label_zh=row["name_zh"],
            label_en=row["name_en"],
            text=published["text"],
            value=Decimal(published["value"]),
            unit=row["unit_zh"],
            qualifier=published.get("qualifier", ""),
            indicator=row["code"],
        ),
    )


def _figure(row: Mapping[str, Any]) -> Figure:
    return Figure(**{**row, "value": Decimal(row["value"])})


def _density(data: Mapping[str, Any]) -> Density:
    return Density(
        centre=(data["centre"][0], data["centre"][1]),
        counties={
            code: CountyDensity(row["weight"], row["towns"], row.get("central", False))
            for code, row in data["counties"].items()
        },
    )
