"""Where synthetic sites stand: towns of very unequal size, and positions, lines and areas around them.

Pure and deterministic: everything is drawn from the generator that is passed in. Coordinates are degrees,
EPSG:4326, longitude first, rounded to six decimals (0.1 m); lengths and areas are on the WGS-84 ellipsoid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely import LineString, MultiPolygon, Polygon

from maps.geometry import geodesic_area_mu
from projects.demo.catalogue import Density

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

GEOD: Final = Geod(ellps="WGS84")
DECIMALS: Final = 6
# At 30 degrees north a degree of longitude is 0.87 as long as one of latitude.
_SQUEEZE: Final = 0.87
_CANDIDATES: Final = 400
_ROUNDS: Final = 14


class NoRoomError(ValueError):
    """A county in which no line or area of the wanted size could be placed."""


@dataclass(frozen=True, slots=True)
class County:
    """A county as the generator needs it: its code, its Chinese name, its border (EPSG:4326)."""

    code: str
    name: str
    border: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Towns:
    """The towns of all counties, as columns. `spread` is the standard deviation of positions, degrees north.

    `county` is an index into the counties; `number` counts a county's towns from 1, the largest first;
    `share` is each town's part of all urban and rural positions and sums to 1.
    """

    lon: Floats
    lat: Floats
    spread: Floats
    share: Floats
    county: Whole
    number: Whole
    rural: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.lon)


def make_towns(counties: Sequence[County], density: Density, rng: np.random.Generator) -> Towns:
    """Towns inside each county, sizes falling as rank ** -0.95 (heavy-tailed), the largest near its heart.

    The heart of a central county is where it comes nearest to the city's centre, of the others their middle.
    """
    lon, lat, spread, share, county, number, rural = [], [], [], [], [], [], []
    total = sum(density.counties[item.code].weight for item in counties)
    for index, item in enumerate(counties):
        plan = density.counties[item.code]
        x, y = _inside(item.border, _CANDIDATES, rng)
        heart = density.centre if plan.central else _middle(item.border)
        far = np.hypot((x - heart[0]) * _SQUEEZE, y - heart[1])
        seat = int(np.argmin(far))
        others = np.delete(np.arange(_CANDIDATES), seat)[: plan.towns - 1]
        # Near the seat towns tend to be larger; chance makes some far ones large as well.
        order = others[np.argsort(far[others] * rng.lognormal(0.0, 0.6, len(others)))]
        chosen = np.concatenate([[seat], order])
        size = np.arange(1, plan.towns + 1) ** -0.95
        size /= size.sum()
        lon.append(x[chosen])
        lat.append(y[chosen])
        spread.append(0.006 + 0.03 * np.sqrt(size))
        share.append(size * plan.weight / total)
        county.append(np.full(plan.towns, index))
        number.append(np.arange(1, plan.towns + 1))
        rural.append(np.arange(plan.towns) >= max(2, plan.towns // 3))
    return Towns(*(np.concatenate(column) for column in (lon, lat, spread, share, county, number, rural)))


def scatter(
    counties: Sequence[County], towns: Towns, chosen: Whole, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """One position for each chosen town (an index into `towns`), strictly inside the town's county."""
    lon, lat = np.empty(len(chosen)), np.empty(len(chosen))
    pending = np.arange(len(chosen))
    scale = 1.0
    for _round in range(_ROUNDS):
        town = chosen[pending]
        reach = towns.spread[town] * scale
        lon[pending] = np.round(towns.lon[town] + rng.normal(size=len(pending)) * reach / _SQUEEZE, DECIMALS)
        lat[pending] = np.round(towns.lat[town] + rng.normal(size=len(pending)) * reach, DECIMALS)
        pending = pending[~_covered(counties, towns.county[town], lon[pending], lat[pending])]
        if not len(pending):
            return lon, lat
        scale *= 0.8
    # Towns themselves lie inside.
    lon[pending], lat[pending] = towns.lon[chosen[pending]], towns.lat[chosen[pending]]
    return lon, lat


def pick_towns(towns: Towns, count: int, rng: np.random.Generator, *, rural: bool | None = None) -> Whole:
    """`count` towns by their share; only rural or only urban ones when asked."""
    share = towns.share if rural is None else np.where(towns.rural == rural, towns.share, 0.0)
    picked: Whole = rng.choice(len(towns), size=count, p=share / share.sum())
    return picked


def line_near(
    county: County, town: tuple[float, float, float], length_km: float, rng: np.random.Generator
) -> LineString:
    """A winding line of that geodesic length inside the county, near a town (lon, lat, spread)."""
    vertices = int(np.clip(length_km / 0.25, 3, 24))
    step = length_km * 1000.0 / vertices
    for _attempt in range(300):
        lon, lat = (town[0] + rng.normal() * town[2], town[1] + rng.normal() * town[2])
        heading = rng.uniform(0.0, 360.0)
        points = [(lon, lat)]
        for _vertex in range(vertices):
            heading += rng.normal(0.0, 14.0)
            lon, lat, _back = GEOD.fwd(lon, lat, heading, step)
            points.append((lon, lat))
        line = LineString(np.round(points, DECIMALS))
        if county.border.covers(line):
            return line
    raise NoRoomError(f"no room for a line of {length_km} km in {county.code}")


def area_near(
    county: County, town: tuple[float, float, float], area_mu: float, rng: np.random.Generator
) -> Polygon:
    """A field-like polygon of that area (亩; 2000/3 m2) inside the county, near a town (lon, lat, spread)."""
    corners = 9
    for _attempt in range(300):
        lon, lat = (town[0] + rng.normal() * town[2] * 1.5, town[1] + rng.normal() * town[2] * 1.5)
        shape = rng.uniform(0.75, 1.25, corners)
        radius = np.sqrt(area_mu * 2000.0 / 3.0 / np.pi)
        for _step in range(3):
            ring_lon, ring_lat, _back = GEOD.fwd(
                np.full(corners, lon),
                np.full(corners, lat),
                np.arange(corners) * 360.0 / corners,
                shape * radius,
            )
            found = Polygon(np.column_stack([ring_lon, ring_lat]))
            radius *= np.sqrt(area_mu / geodesic_area_mu(found))
        rounded = Polygon(np.round(np.asarray(found.exterior.coords), DECIMALS))
        if county.border.covers(rounded):
            return rounded
    raise NoRoomError(f"no room for an area of {area_mu} mu in {county.code}")


def _inside(border: Polygon | MultiPolygon, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    west, south, east, north = border.bounds
    lon, lat = np.empty(0), np.empty(0)
    shapely.prepare(border)
    while len(lon) < count:
        x = np.round(rng.uniform(west, east, 4 * count), DECIMALS)
        y = np.round(rng.uniform(south, north, 4 * count), DECIMALS)
        kept = shapely.contains_xy(border, x, y)
        lon, lat = np.concatenate([lon, x[kept]]), np.concatenate([lat, y[kept]])
    return lon[:count], lat[:count]


def _middle(border: Polygon | MultiPolygon) -> tuple[float, float]:
    largest = max(getattr(border, "geoms", [border]), key=lambda part: part.area)
    return largest.centroid.x, largest.centroid.y


def _covered(counties: Sequence[County], county: Whole, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    found = np.zeros(len(lon), dtype=np.bool_)
    for index, item in enumerate(counties):
        here = np.flatnonzero(county == index)
        if len(here):
            shapely.prepare(item.border)
            found[here] = shapely.contains_xy(item.border, lon[here], lat[here])
    return found
