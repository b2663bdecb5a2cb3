"""Rows as GeoJSON features (RFC 7946): WGS-84, longitude first, six decimals (about 0.1 m)."""

import datetime as dt
from typing import Any

from projects.readmodels.plain import number
from projects.readmodels.sitedetail import PlanDates, SiteDetail
from projects.readmodels.sitelists import SiteRow

GEOJSON = "application/geo+json"


def feature(row: SiteRow) -> dict[str, Any]:
    """A row as a point feature."""
    return {
        "type": "Feature",
        "id": row.public_id,
        "geometry": {"type": "Point", "coordinates": [round(row.lon, 6), round(row.lat, 6)]},
        "properties": _properties(row),
    }


def detailed_feature(detail: SiteDetail) -> dict[str, Any]:
    """A site with its real geometry and everything public of it."""
    properties = _properties(detail.row)
    properties |= {
        "attributes": [
            {"key": a.key, "label_zh": a.label_zh, "label_en": a.label_en, "value": a.value, "unit": a.unit}
            for a in detail.attributes
        ],
        "baseline": _plan(detail.baseline),
        "plan": _plan(detail.plan),
        "reschedules": detail.reschedules,
        "started_on": _day(detail.started_on),
        "finished_on": _day(detail.finished_on),
        "verified_on": _day(detail.verified_on),
        "contributions": [
            {
                "indicator": c.indicator,
                "name_zh": c.name_zh,
                "name_en": c.name_en,
                "quantity": number(c.quantity),
                "unit_zh": c.unit_zh,
                "unit_en": c.unit_en,
                "category": {"slug": c.category, "name_zh": c.category_zh, "name_en": c.category_en},
            }
            for c in detail.contributions
        ],
        "links": {"amap": detail.links.amap, "baidu": detail.links.baidu, "geo": detail.links.geo},
        "lag": None
        if detail.lag is None
        else {"problem": detail.lag.problem, "plan": detail.lag.plan, "as_of": _day(detail.lag.as_of)},
    }
    return {
        "type": "Feature",
        "id": detail.row.public_id,
        "geometry": detail.geometry,
        "properties": properties,
    }


def collection(features: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features, **members}


def _properties(row: SiteRow) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "name": row.name,
        "kind": {
            "slug": row.kind.slug,
            "name_zh": row.kind.name_zh,
            "name_en": row.kind.name_en,
            "icon": row.kind.icon,
            "colour": row.kind.colour,
        },
        "address": row.address,
        "stage": row.stage,
        "service": row.service,
        "service_checked_on": _day(row.service_checked_on),
        "opening_hours": row.opening_hours,
        "phone": row.phone,
        "percent": number(row.percent),
        "reported_on": _day(row.reported_on),
        "division": {
            "code": row.division.code,
            "name_zh": row.division.name_zh,
            "name_en": row.division.name_en,
        },
        "light": row.light,
        "is_demo": row.is_demo,
        "url": f"/sites/{row.public_id}/",
        "url_en": f"/en/sites/{row.public_id}/",
        "as_of": _day(row.as_of),
    }
    if row.distance_m is not None:
        properties["distance_m"] = round(row.distance_m, 1)
    return properties


def _plan(dates: PlanDates | None) -> dict[str, str | None] | None:
    return None if dates is None else {"start": _day(dates.start), "finish": _day(dates.finish)}


def _day(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
