"""A small world with known answers, and the fixed cast of people who work in it.

Four square counties of 0.1 degrees in one city, so that a test can say where a point lies without a map:
海曙 (west) 121.50-121.60, 鄞州 (east) 121.60-121.70, both 29.80-29.90 N; 镇海 and 北仑 north of them.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import shapely
from django.contrib.gis.geos import MultiPolygon, Polygon

from projects.actions.anchoring import anchor_chain
from projects.actions.batches import apply_site_drafts
from projects.actions.drafts import SiteDraft
from projects.models import (
    AuditEntry,
    Boundary,
    Category,
    Department,
    Division,
    DivisionParent,
    FacilityKind,
    Indicator,
    LagPolicy,
    Membership,
    Programme,
    Site,
    SiteState,
    User,
)
from projects.models.access import access_of, system_access
from projects.permissions.access import Access
from projects.rules.policy import YINCHUAN_2025
from projects.rules.vocabulary import Publication, Role, Service, Stage

CUTOFF = dt.date(2024, 6, 30)
START = dt.date(2024, 1, 1)
PASSWORD = "correct-horse-battery"

#: Code, names, and the south-west corner of a square of 0.1 degrees.
COUNTIES = (
    ("330203", "海曙区", "Haishu", 121.5, 29.8),
    ("330212", "鄞州区", "Yinzhou", 121.6, 29.8),
    ("330211", "镇海区", "Zhenhai", 121.5, 29.9),
    ("330206", "北仑区", "Beilun", 121.6, 29.9),
)


@dataclass
class World:
    """Rows by the words that tests use."""

    city: Division
    counties: dict[str, Division]
    kinds: dict[str, FacilityKind]
    programme: Programme
    indicators: dict[str, Indicator]
    departments: dict[str, Department]
    users: dict[str, User] = field(default_factory=dict)
    _count: int = 0

    def access(self, name: str) -> Access:
        """What one of the cast may do on the cut-off."""
        return access_of(self.users[name], CUTOFF)

    def draft(self, **changes: Any) -> SiteDraft:
        """A published, finished meal point in the middle of 海曙, existing stock, unless told otherwise.

        `county` (name of a key) moves it to the middle of another; `lon`, `lat` place it exactly.
        """
        self._count += 1
        county = changes.pop("county", "330203")
        west, south = next((row[3], row[4]) for row in COUNTIES if row[0] == county)
        lon, lat = changes.pop("lon", west + 0.05), changes.pop("lat", south + 0.05)
        kind = self.kinds[changes.pop("kind", "meal-point")]
        pairs = changes.pop("counts_for", ())
        values: dict[str, Any] = {
            "code": f"T{self._count:05d}",
            "kind_id": kind.pk,
            "name": f"试点 {self._count}",
            "geometry": shapely.Point(lon, lat),
            "located_in_id": self.counties[county].pk,
            "managed_by_id": self.counties[changes.pop("managed_by", county)].pk,
            "stage": Stage.FINISHED,
            "service": Service.OPEN,
            "publication": Publication.PUBLISHED,
            "state_since": START,
            "contributions": tuple((self.indicators[code].pk, Decimal(quantity)) for code, quantity in pairs),
        }
        return SiteDraft(**{**values, **changes})

    def add(self, *drafts: SiteDraft) -> list[Site]:
        """Write sites as the system, published ones by the publisher; returns them in order."""
        for publisher, chosen in (
            (None, [draft for draft in drafts if draft.publication is not Publication.PUBLISHED]),
            (
                self.access("publisher"),
                [draft for draft in drafts if draft.publication is Publication.PUBLISHED],
            ),
        ):
            apply_site_drafts(access=system_access(), drafts=chosen, reason="test", publisher=publisher)
        rows = {site.code: site for site in Site.objects.filter(code__in=[draft.code for draft in drafts])}
        return [rows[draft.code] for draft in drafts]

    def site(self, **changes: Any) -> Site:
        """One site: see `draft`."""
        return self.add(self.draft(**changes))[0]

    def planned(self, **changes: Any) -> SiteDraft:
        """An unfinished site of the programme, planned from January to the end of June 2024."""
        return self.draft(
            **{
                "stage": Stage.BUILDING,
                "service": Service.UNKNOWN,
                "baseline_start": START,
                "baseline_finish": CUTOFF,
                "counts_for": (("03-meal", 1),),
                **changes,
            }
        )


def square(west: float, south: float, size: float = 0.1) -> MultiPolygon:
    ring = (
        (west, south),
        (west + size, south),
        (west + size, south + size),
        (west, south + size),
        (west, south),
    )
    return MultiPolygon(Polygon(ring), srid=4326)


def make_world() -> World:
    """Divisions with borders, two kinds, a published programme with a whole and its subset, the cast."""
    city, counties = _divisions()
    kinds = {
        slug: FacilityKind.objects.create(
            slug=slug, number=number, name_zh=zh, name_en=en, icon=icon, colour=colour, geometry=geometry
        )
        for number, (slug, zh, en, icon, colour, geometry) in enumerate(
            (
                ("meal-point", "助餐点", "Meal point", "meal", "#b45309", "point"),
                ("ev-charging", "电动汽车充电站", "EV charging", "ev-charging", "#1d4ed8", "point"),
                ("road", "道路", "Road", "road", "#475569", "line"),
                ("farm-area", "稻渔种养区", "Farm area", "farm", "#4d7c0f", "polygon"),
            ),
            start=1,
        )
    }
    policy = LagPolicy.objects.create(
        key="yinchuan-2025",
        name_zh="银川 2025",
        rules=YINCHUAN_2025.to_json(),
        source="银川 2025",
        effective_from=dt.date(2025, 1, 1),
    )
    programme = Programme.objects.create(
        key="330200-2024",
        name_zh="宁波市 2024 年民生实事",
        name_en="Ningbo livelihood projects 2024",
        division=city,
        year=2024,
        period_start=START,
        period_end=dt.date(2024, 12, 31),
        cutoff=CUTOFF,
        policy=policy,
        publication=Publication.PUBLISHED.value,
        publishes_progress=True,
        publishes_lights=True,
        publishes_reasons=True,
    )
    departments = {
        code: Department.objects.create(code=code, name_zh=name)
        for code, name in (("civil", "民政局"), ("energy", "能源局"))
    }
    return World(
        city,
        counties,
        kinds,
        programme,
        _indicators(programme, departments, kinds),
        departments,
        _cast(counties),
    )


def _divisions() -> tuple[Division, dict[str, Division]]:
    long_ago = dt.date(2000, 1, 1)
    city = Division.objects.create(
        code="330200",
        name_zh="宁波市",
        name_en="Ningbo",
        level="city",
        tree_left=1,
        tree_right=1 + len(COUNTIES),
    )
    counties = {}
    for number, (code, zh, en, west, south) in enumerate(COUNTIES, start=2):
        county = Division.objects.create(
            code=code, name_zh=zh, name_en=en, level="county", tree_left=number, tree_right=number
        )
        DivisionParent.objects.create(child=county, parent=city, valid_from=long_ago)
        Boundary.objects.create(
            division=county, geom=square(west, south), valid_from=long_ago, source="test", licence="CC0"
        )
        counties[code] = county
    return city, counties


def _indicators(
    programme: Programme, departments: dict[str, Department], kinds: dict[str, FacilityKind]
) -> dict[str, Indicator]:
    care = Category.objects.create(
        programme=programme, number=3, slug="elderly", name_zh="养老暖心", name_en="Care"
    )
    charging = Category.objects.create(
        programme=programme, number=6, slug="charging", name_zh="充电设施", name_en="Charging"
    )
    meal = Indicator.objects.create(
        category=care,
        code="03-meal",
        name_zh="助餐服务点",
        name_en="Meal points",
        unit_zh="个",
        counting="sites",
        mappable=True,
        kind=kinds["meal-point"],
        lead_department=departments["civil"],
    )
    piles = Indicator.objects.create(
        category=charging,
        code="06-piles",
        name_zh="充电桩",
        name_en="Charging piles",
        unit_zh="个",
        counting="quantity",
        mappable=True,
        kind=kinds["ev-charging"],
        lead_department=departments["energy"],
    )
    rural = Indicator.objects.create(
        category=charging,
        code="06-piles-rural",
        name_zh="其中农村地区",
        name_en="of which rural",
        unit_zh="个",
        counting="quantity",
        mappable=True,
        subset_of=piles,
        kind=kinds["ev-charging"],
        lead_department=departments["energy"],
    )
    return {row.code: row for row in (meal, piles, rural)}


def _cast(counties: dict[str, Division]) -> dict[str, User]:
    """Who is who: the word, the role, the county's code, the department's code."""
    cast = (
        ("admin", Role.ADMINISTRATOR, None, None),
        ("haishu", Role.DISTRICT_EDITOR, "330203", None),
        ("yinzhou", Role.DISTRICT_EDITOR, "330212", None),
        ("energy", Role.DEPARTMENT_EDITOR, None, "energy"),
        ("supervisor", Role.SUPERVISOR, None, None),
        ("publisher", Role.PUBLISHER, None, None),
        ("stranger", None, None, None),
    )
    users = {}
    for name, role, county, department in cast:
        user = User.objects.create_user(username=name, password=PASSWORD, is_staff=True)
        if role is not None:
            Membership.objects.create(
                user=user,
                role=role.value,
                division=counties[county] if county else None,
                department=Department.objects.get(code=department) if department else None,
            )
        users[name] = user
    return users


def anchor() -> None:
    """Rows that a test wrote past the actions, the world's among them, become part of the audit chain."""
    anchor_chain(access=system_access(), reason="test")


def codes(sites: Iterable[Site]) -> set[str]:
    return {site.code for site in sites}


def database_content() -> tuple[int, int, list[Any]]:
    """What a refused action must leave as it was."""
    return (
        AuditEntry.objects.count(),
        SiteState.objects.count(),
        list(Site.objects.order_by("pk").values()),
    )


def values(*given: object) -> tuple[object, ...]:
    """Decimals beside whole numbers, which a type checker takes for a comparison that is never true."""
    return given
