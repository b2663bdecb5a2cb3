"""A made-up world for planning an import: three counties side by side, two kinds, no database."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely

from maps.datum import Datum
from projects.exchange.columns import COLUMNS
from projects.exchange.differences import ExistingSite
from projects.exchange.dividing import Degrees, KnownCity
from projects.exchange.gazetteer import AliasRef, DivisionRef, Gazetteer
from projects.exchange.importing import Plan, World
from projects.exchange.options import ImportOptions, KindRule
from projects.exchange.readers import Table, read_table
from projects.exchange.rows import KindRef
from projects.readmodels.locator import Border, DivisionLocator

TODAY = dt.date(2024, 6, 30)

CITY, HAISHU, YINZHOU, FENGHUA, ZONE = 1, 2, 3, 4, 5

KINDS = (
    KindRef(1, "school", "中小学", "School", {"places": "integer"}),
    KindRef(2, "ev-charging", "电动汽车充电站", "EV charging", {"piles": "integer", "price": "text"}),
)

GAZETTEER = Gazetteer(
    [
        DivisionRef(CITY, "330200", "宁波市", "city", 1, 5),
        DivisionRef(HAISHU, "330203", "海曙区", "county", 2, 2),
        DivisionRef(YINZHOU, "330212", "鄞州区", "county", 3, 3),
        DivisionRef(FENGHUA, "330213", "奉化区", "county", 4, 4),
        DivisionRef(ZONE, "330200-1", "高新区", "zone", 5, 5),
        DivisionRef(6, "330204", "江东区", "county", 9, 9, dt.date(2016, 11, 1)),
    ],
    [AliasRef(FENGHUA, "奉化市", dt.date(2016, 11, 1)), AliasRef(FENGHUA, "330283", dt.date(2016, 11, 1))],
)

#: Three squares side by side, 0.1 degrees wide: 海曙 121.5-121.6, 鄞州 -121.7, 奉化 -121.8, all 29.8-29.9 N.
LOCATOR = DivisionLocator(
    [
        Border(CITY, "330200", "city", shapely.box(121.5, 29.8, 121.8, 29.9)),
        Border(HAISHU, "330203", "county", shapely.box(121.5, 29.8, 121.6, 29.9)),
        Border(YINZHOU, "330212", "county", shapely.box(121.6, 29.8, 121.7, 29.9)),
        Border(FENGHUA, "330213", "county", shapely.box(121.7, 29.8, 121.8, 29.9)),
        Border(ZONE, "330200-1", "zone", shapely.box(121.5, 29.8, 121.55, 29.9)),
    ]
)


def elsewhere(lon: Degrees, lat: Degrees) -> list[KnownCity | None]:
    """Whatever lies south of 25 N is 深圳."""
    return [KnownCity("440300", "深圳市") if y < 25 else None for y in lat.tolist()]


def world(sites: Sequence[ExistingSite] = (), may: frozenset[int] | None = None, **changes: Any) -> World:
    there = {site.code: site for site in sites}

    def existing(codes: Sequence[str]) -> Mapping[str, ExistingSite]:
        return {code: there[code] for code in codes if code in there}

    return World(
        kinds=KINDS,
        gazetteer=GAZETTEER,
        locator=LOCATOR,
        existing=existing,
        codes_with_prefix=lambda prefix: [(s.code, s.code) for s in sites if s.code.startswith(prefix)],
        may_manage=lambda division_id: may is None or division_id in may,
        elsewhere=elsewhere,
        today=TODAY,
        **changes,
    )


def options(**changes: Any) -> ImportOptions:
    values: dict[str, Any] = {
        "datum": Datum.WGS84,
        "kind": KindRule(slug="school"),
        "code_column": "code",
        "source": "test",
    }
    return ImportOptions(**{**values, **changes})


def csv(folder: Path, text: str) -> Table:
    path = folder / "a.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path)


def geojson(folder: Path, *shapes: tuple[dict[str, object], object], crs: str = "") -> Table:
    document: dict[str, object] = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": p, "geometry": g} for p, g in shapes],
    }
    if crs:
        document["crs"] = {"type": "name", "properties": {"name": crs}}
    path = folder / "a.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    return read_table(path, degrees=not crs)


def saved(plan: Plan) -> list[ExistingSite]:
    """The plan's drafts as the database would have them afterwards."""
    return [
        ExistingSite(
            id=number,
            code=draft.code,
            version=1,
            is_removed=False,
            kind_id=draft.kind_id,
            geometry=draft.geometry,
            source=(draft.source_x, draft.source_y, draft.source_datum),
            located_in_id=draft.located_in_id,
            managed_by_id=draft.managed_by_id,
            fields={
                column.site_field: getattr(draft, column.site_field)
                for column in COLUMNS
                if column.site_field
            },
            attributes=dict(draft.attributes),
            contributions=dict(draft.contributions),
        )
        for number, draft in enumerate(plan.drafts, start=1)
    ]


GOOD = "code,name,lon,lat\nA1,一小,121.55,29.85\nA2,二小,121.65,29.85\n"

GENERATED = options(code_column=None)

LINE = {"type": "LineString", "coordinates": [[121.51, 29.85], [121.59, 29.85]]}
