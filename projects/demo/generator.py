"""Synthetic sites (演示数据) for the demo programme: the same seed gives the same sites, in batches.

What is *finished* (for 开工建设 indicators: started) adds up to the published count of every indicator that
has places behind it. Unfinished and late sites come on top; then existing stock (存量), which counts towards
nothing and of which there may be any number. Every site is marked: `is_demo`, 演示 in name and address.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from projects.actions.drafts import SiteDraft
from projects.demo.attributes import attributes_of, opening_hours_of
from projects.demo.catalogue import Catalogue, IndicatorData
from projects.demo.places import (
    County,
    Towns,
    Whole,
    area_near,
    line_near,
    make_towns,
    pick_towns,
    scatter,
)
from projects.demo.recipes import AREA, LINE, POINT, RECIPES, STOCK, Recipe, split
from projects.demo.stories import Story, Teller
from projects.rules.vocabulary import CompletionType, Counting, Publication, Service, Stage

DEFAULT_SEED: Final = 20240630
DEFAULT_SITES: Final = 12_500
BATCH: Final = 20_000
#: Unfinished sites on top of the finished ones.
LATE_SHARE: Final = 0.12
_STOCK_SERVICE: Final = (Service.OPEN, Service.CLOSED_TEMPORARILY, Service.CLOSED, Service.UNKNOWN)
_STOCK_SERVICE_SHARES: Final = (0.93, 0.03, 0.01, 0.03)


class TooFewSitesError(ValueError):
    """Fewer sites were asked for than the published counts need; `least` is the smallest number."""

    def __init__(self, least: int) -> None:
        self.least = least
        super().__init__(f"the published counts need at least {least} sites")


@dataclass(frozen=True, slots=True)
class Keys:
    """Primary keys of the rows that sites refer to, by slug, division code and indicator code."""

    kinds: Mapping[str, int]
    divisions: Mapping[str, int]
    indicators: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A site before it has a place: its indicator's recipe, its quantities, how its course is told."""

    indicator: IndicatorData
    recipe: Recipe
    contributions: tuple[tuple[str, Decimal], ...]
    size: Decimal
    telling: str
    county: str = ""


def published_output(catalogue: Catalogue, code: str) -> Decimal:
    """What an indicator's own sites must add up to: the published actual less its subsets'."""
    indicators = catalogue.indicators
    subsets = (row.published.value for row in indicators.values() if row.subset_of == code)
    return indicators[code].published.value - sum(subsets, Decimal(0))


def generate(
    counties: Sequence[County],
    catalogue: Catalogue,
    keys: Keys,
    *,
    seed: int = DEFAULT_SEED,
    sites: int = DEFAULT_SITES,
) -> Iterator[list[SiteDraft]]:
    """`sites` drafts in all, in batches of at most `BATCH`; more sites begin with the same ones.

    Raises TooFewSitesError before the first batch when `sites` is below what the published counts need.
    """
    counties = sorted(counties, key=lambda item: item.code)
    towns = make_towns(counties, catalogue.density, np.random.default_rng([seed, 0]))
    core = _Core(counties, towns, catalogue, keys, np.random.default_rng([seed, 1])).drafts()
    if sites < len(core):
        raise TooFewSitesError(len(core))
    for start in range(0, len(core), BATCH):
        yield core[start : start + BATCH]
    stock = _Stock(counties, towns, catalogue, keys)
    missing = sites - len(core)
    for number in range(-(-missing // BATCH)):
        rng = np.random.default_rng([seed, 2, number])
        yield stock.drafts(number * BATCH, min(BATCH, missing - number * BATCH), rng)


class _Core:
    """The sites of the programme: what makes the published counts, and what is not finished yet."""

    def __init__(
        self,
        counties: Sequence[County],
        towns: Towns,
        catalogue: Catalogue,
        keys: Keys,
        rng: np.random.Generator,
    ) -> None:
        self.counties = counties
        self.towns = towns
        self.catalogue = catalogue
        self.keys = keys
        self.rng = rng
        self.teller = Teller(catalogue.cutoff, rng)
        self.kinds = {row.slug: row for row in catalogue.kinds}

    def drafts(self) -> list[SiteDraft]:
        found: list[SiteDraft] = []
        for indicator in self.catalogue.indicators.values():
            recipe = RECIPES.get(indicator.code)
            if recipe is None:
                continue
            plans = [*self._counted(indicator, recipe), *self._on_top(indicator, recipe)]
            places = self._places(plans)
            found += [
                self._draft(plan, serial, town, geometry)
                for serial, (plan, (town, geometry)) in enumerate(zip(plans, places, strict=True), start=1)
            ]
        return found

    def _counted(self, indicator: IndicatorData, recipe: Recipe) -> list[_Plan]:
        total = published_output(self.catalogue, indicator.code)
        if indicator.counting is Counting.QUANTITY:
            assert recipe.sites is not None
            quantities = split(
                total, recipe.sites, low=recipe.low, high=recipe.high, step=recipe.step, rng=self.rng
            )
            sizes = quantities
        else:
            quantities = [Decimal(1)] * int(total)
            sizes = [self._size(recipe) for _quantity in quantities]
        also = self._also(recipe, len(quantities))
        starts = indicator.completion_type is CompletionType.CONSTRUCTION_STARTED
        return [
            _Plan(
                indicator,
                recipe,
                ((indicator.code, quantity), *extra),
                size,
                "started" if starts else "finished",
                recipe.counties[number] if recipe.counties else "",
            )
            for number, (quantity, size, extra) in enumerate(zip(quantities, sizes, also, strict=True))
        ]

    def _also(self, recipe: Recipe, count: int) -> list[tuple[tuple[str, Decimal], ...]]:
        if not recipe.also:
            return [()] * count
        low, high = recipe.also_sizes
        total = published_output(self.catalogue, recipe.also)
        return [
            ((recipe.also, part),) for part in split(total, count, low=low, high=high, step="1", rng=self.rng)
        ]

    def _on_top(self, indicator: IndicatorData, recipe: Recipe) -> list[_Plan]:
        """Unfinished sites; of an indicator that counts a start, only such as have not begun."""
        sited = [
            _Plan(indicator, recipe, ((indicator.code, Decimal(1)),), Decimal(1), "sited", code)
            for code in recipe.sited
        ]
        counted = recipe.sites or int(published_output(self.catalogue, indicator.code))
        count = max(2, round(counted * LATE_SHARE)) if recipe.late is None else recipe.late
        starts = indicator.completion_type is CompletionType.CONSTRUCTION_STARTED
        plans = []
        for _number in range(count):
            size = self._size(recipe)
            given = size if indicator.counting is Counting.QUANTITY else Decimal(1)
            contributions = [(indicator.code, given)]
            if recipe.also:
                low, high = (int(value) for value in recipe.also_sizes)
                contributions.append((recipe.also, Decimal(int(self.rng.integers(low, high + 1)))))
            plans.append(
                _Plan(indicator, recipe, tuple(contributions), size, "not_begun" if starts else "unfinished")
            )
        return sited + plans

    def _size(self, recipe: Recipe) -> Decimal:
        unit = Decimal(recipe.step)
        low, high = int(Decimal(recipe.low) / unit), int(Decimal(recipe.high) / unit)
        return int(self.rng.integers(low, high + 1)) * unit

    def _places(self, plans: Sequence[_Plan]) -> list[tuple[int, BaseGeometry]]:
        """A town and a geometry for each site; points all at once, lines and areas one by one."""
        recipe = plans[0].recipe
        chosen = pick_towns(self.towns, len(plans), self.rng, rural=recipe.rural)
        for index, plan in enumerate(plans):
            if plan.county:
                chosen[index] = self._seat(plan.county)
        if recipe.shape == POINT:
            lon, lat = scatter(self.counties, self.towns, chosen, self.rng)
            return list(zip(chosen.tolist(), shapely.points(lon, lat), strict=True))
        return [(int(town), self._drawn(plan, int(town))) for plan, town in zip(plans, chosen, strict=True)]

    def _drawn(self, plan: _Plan, town: int) -> BaseGeometry:
        towns = self.towns
        around = (float(towns.lon[town]), float(towns.lat[town]), float(towns.spread[town]))
        county = self.counties[int(towns.county[town])]
        if plan.recipe.shape == LINE:
            return line_near(county, around, float(plan.size), self.rng)
        assert plan.recipe.shape == AREA
        return area_near(county, around, float(plan.size), self.rng)

    def _seat(self, code: str) -> int:
        index = next(i for i, item in enumerate(self.counties) if item.code == code)
        return int(np.flatnonzero((self.towns.county == index) & (self.towns.number == 1))[0])

    def _story(self, plan: _Plan) -> Story:
        match plan.telling:
            case "finished":
                return self.teller.finished(small=plan.indicator.code == "06-ebike-stations")
            case "started":
                return self.teller.started()
            case "sited":
                return self.teller.sited()
            case "not_begun":
                return self.teller.not_begun()
            case _:
                return self.teller.unfinished()

    def _draft(self, plan: _Plan, serial: int, town: int, geometry: BaseGeometry) -> SiteDraft:
        story = self._story(plan)
        kind = self.kinds[plan.indicator.kind]
        county = self.counties[int(self.towns.county[town])]
        located = self.keys.divisions[county.code]
        point = geometry if plan.recipe.shape == POINT else None
        return SiteDraft(
            code=f"DEMO-{plan.indicator.code}-{serial:05d}",
            kind_id=self.keys.kinds[kind.slug],
            name=_name(
                county, int(self.towns.number[town]), bool(self.towns.rural[town]), plan.recipe.noun, serial
            ),
            geometry=geometry,
            located_in_id=located,
            managed_by_id=self._manager(plan, county, serial, located),
            address=_address(county, int(self.towns.number[town]), bool(self.towns.rural[town])),
            source_x=float(point.x) if point is not None else None,
            source_y=float(point.y) if point is not None else None,
            attributes=attributes_of(kind.slug, plan.size, self.rng),
            opening_hours=opening_hours_of(kind.slug) if story.service is not Service.UNKNOWN else "",
            stage=story.stage,
            service=story.service,
            service_checked_on=story.service_checked_on,
            baseline_start=story.baseline_start,
            baseline_finish=story.baseline_finish,
            baseline_milestones=story.baseline_milestones,
            started_on=story.started_on,
            finished_on=story.finished_on,
            verified_on=story.verified_on,
            publication=self._publication(plan, county, serial),
            is_demo=True,
            contributions=tuple(
                (self.keys.indicators[code], quantity) for code, quantity in plan.contributions
            ),
            plan_changes=story.plan_changes,
            reports=story.reports,
            state_since=story.state_since,
        )

    def _manager(self, plan: _Plan, county: County, serial: int, located: int) -> int:
        """Every twentieth e-bike station numbered in 江北 is managed by 镇海: two divisions."""
        if plan.indicator.code == "06-ebike-stations" and county.code == "330205" and serial % 20 == 0:
            return self.keys.divisions["330211"]
        return located

    def _publication(self, plan: _Plan, county: County, serial: int) -> Publication:
        """Of the unfinished e-bike stations in 鄞州 every tenth is still a draft."""
        ours = plan.indicator.code == "06-ebike-stations" and county.code == "330212"
        if ours and plan.telling == "unfinished" and serial % 10 == 0:
            return Publication.DRAFT
        return Publication.PUBLISHED


class _Stock:
    """Existing facilities without a plan, made by columns: a million of them in well under a minute."""

    def __init__(self, counties: Sequence[County], towns: Towns, catalogue: Catalogue, keys: Keys) -> None:
        self.counties = counties
        self.towns = towns
        self.keys = keys
        self.cutoff = catalogue.cutoff
        self.slugs = list(STOCK)
        shares = np.array([share for _noun, share in STOCK.values()], dtype=np.float64)
        self.shares = shares / shares.sum()

    def drafts(self, first: int, count: int, rng: np.random.Generator) -> list[SiteDraft]:
        """`count` sites numbered from `first` + 1. Draws a whole batch, so that a prefix stays one."""
        chosen: Whole = pick_towns(self.towns, BATCH, rng)
        lon, lat = scatter(self.counties, self.towns, chosen, rng)
        kinds = rng.choice(len(self.slugs), size=BATCH, p=self.shares).tolist()
        services = rng.choice(len(_STOCK_SERVICE), size=BATCH, p=_STOCK_SERVICE_SHARES).tolist()
        checked = rng.integers(0, 180, size=BATCH).tolist()
        geometries = shapely.points(lon, lat)
        since = dt.date(self.cutoff.year - 1, 12, 31)
        where = self._where()
        hours = {slug: opening_hours_of(slug) for slug in self.slugs}
        found = []
        for index in range(count):
            slug = self.slugs[kinds[index]]
            town = int(chosen[index])
            county, number, rural, address, division = where[town]
            serial = first + index + 1
            service = _STOCK_SERVICE[services[index]]
            found.append(
                SiteDraft(
                    code=f"DEMO-stock-{serial:07d}",
                    kind_id=self.keys.kinds[slug],
                    name=_name(county, number, rural, STOCK[slug][0], serial),
                    geometry=geometries[index],
                    located_in_id=division,
                    managed_by_id=division,
                    address=address,
                    source_x=float(lon[index]),
                    source_y=float(lat[index]),
                    attributes=attributes_of(slug, None, rng),
                    opening_hours=hours[slug],
                    stage=Stage.FINISHED,
                    service=service,
                    service_checked_on=(
                        None
                        if service is Service.UNKNOWN
                        else self.cutoff - dt.timedelta(days=checked[index])
                    ),
                    publication=Publication.PUBLISHED,
                    is_demo=True,
                    state_since=since,
                )
            )
        return found

    def _where(self) -> list[tuple[County, int, bool, str, int]]:
        """County, town number, rural or not, address and division key of each town."""
        found = []
        for index in range(len(self.towns)):
            county = self.counties[int(self.towns.county[index])]
            number, rural = int(self.towns.number[index]), bool(self.towns.rural[index])
            division = self.keys.divisions[county.code]
            found.append((county, number, rural, _address(county, number, rural), division))
        return found


def _name(county: County, town: int, rural: bool, noun: str, serial: int) -> str:
    return f"{county.name} {town} 号示例{'村' if rural else '社区'}{noun} {serial}(演示)"


def _address(county: County, town: int, rural: bool) -> str:
    return f"{county.name} {town} 号示例{'村' if rural else '社区'}(演示地址)"
