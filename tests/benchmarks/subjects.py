"""What is asked for: tiles along a walk, places, filters. Drawn from the data by chance with a fixed seed."""

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maps.tiles import BBox, TileId
from tests.benchmarks import sitesql

SEED = 20240630
SAMPLE = 4000
LOW_ZOOMS, MID_ZOOMS, HIGH_ZOOMS = (8, 9, 10), (12, 13, 14), (15, 16, 17)
MOST_TILES = 240


@dataclass(frozen=True, slots=True)
class Sampled:
    """A public site, drawn by chance."""

    pk: int
    public_id: str
    name: str
    kind: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Subjects:
    """`low`, `mid`, `high`: tiles that hold sites. `filters`: query words by the name of the filter."""

    sites: tuple[Sampled, ...]
    low: tuple[TileId, ...]
    mid: tuple[TileId, ...]
    high: tuple[TileId, ...]
    filters: dict[str, dict[str, str]]
    kinds: tuple[str, ...]
    divisions: tuple[str, ...]
    city: str

    def tiles(self, zoom: str) -> tuple[TileId, ...]:
        return {"low": self.low, "mid": self.mid, "high": self.high}[zoom]

    def boxes(self, half: float, most: int) -> list[BBox]:
        """Boxes of degrees around sampled sites."""
        return [
            BBox(site.lon - half, site.lat - half, site.lon + half, site.lat + half)
            for site in self.sites[:most]
        ]

    def fresh_filters(self, seed: int) -> Iterator[dict[str, str]]:
        """Filters that have not been asked before: each combination of words once, by chance."""
        dice = random.Random(SEED + seed)
        seen: set[tuple[tuple[str, str], ...]] = set()
        stages = ["planned", "sited", "building", "finished", "verified", "suspended", "cancelled"]
        services = ["open", "closed_temporarily", "closed", "unknown"]
        for _ in itertools.repeat(None, 100_000):
            words = {
                "kind": _some(dice, self.kinds),
                "division": _some(dice, self.divisions),
                "stage": _some(dice, stages),
                "service": _some(dice, services),
            }
            words = {word: value for word, value in words.items() if dice.random() < 0.75}
            key = tuple(sorted(words.items()))
            if words and key not in seen:
                seen.add(key)
                yield words


def _some(dice: random.Random, values: Sequence[str]) -> str:
    return ",".join(sorted(dice.sample(list(values), dice.randint(1, max(1, min(4, len(values) - 1))))))


def draw() -> Subjects:
    """Read the database and choose. Raises RuntimeError when it holds no public site."""
    sites = _sample()
    if not sites:
        raise RuntimeError("The database holds no public site.")
    kinds = _by_count("k.slug")
    divisions = _by_count("(SELECT d.code FROM projects_division d WHERE d.id = s.located_in_id)")
    city = sitesql.rows(
        "SELECT d.code FROM projects_programme p JOIN projects_division d ON d.id = p.division_id"
    )
    # Neither the commonest nor a rare one.
    kind = "meal-point" if "meal-point" in kinds else kinds[len(kinds) // 2]
    return Subjects(
        sites=sites,
        low=_tiles(sites, LOW_ZOOMS),
        mid=_tiles(sites, MID_ZOOMS),
        high=_tiles(sites, HIGH_ZOOMS),
        filters={
            "all": {},
            "kind": {"kind": kind},
            "stage+service+division": {"stage": "finished", "service": "open", "division": divisions[0]},
            "q": {"q": _search_word(sites)},
            "light": {"light": "red,yellow"},
        },
        kinds=tuple(kinds),
        divisions=tuple(divisions),
        city=str(city[0][0]),
    )


def _sample() -> tuple[Sampled, ...]:
    """Public sites whose ids come first after numbers drawn evenly between the lowest and the highest."""
    ((low, high),) = sitesql.rows("SELECT MIN(id), MAX(id) FROM projects_site")
    if low is None:
        return ()
    dice = random.Random(SEED)
    wanted = sorted({dice.randint(low, high) for _ in range(SAMPLE)})
    found: list[Sampled] = []
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        marks = ", ".join(["%s"] * len(chunk))
        found += [
            Sampled(*row)
            for row in sitesql.rows(
                "SELECT s.id, s.public_id, s.name, k.slug, ST_X(s.location), ST_Y(s.location)"
                f" FROM {sitesql.TABLES} WHERE {sitesql.PUBLIC.sql} AND s.id IN ({marks})",
                tuple(chunk),
            )
        ]
    dice.shuffle(found)
    return tuple(found)


def _by_count(value: str) -> list[str]:
    """Values of public sites, the commonest first."""
    statement = (
        f"SELECT {value} AS value, COUNT(*) AS number FROM {sitesql.TABLES}"
        f" WHERE {sitesql.PUBLIC.sql} GROUP BY value ORDER BY number DESC, value"
    )
    return [str(value) for value, _number in sitesql.rows(statement)]


def _tiles(sites: Sequence[Sampled], zooms: Sequence[int]) -> tuple[TileId, ...]:
    """The tiles of the first sites, zooms in turn: somebody who looks at one place after another."""
    found: dict[TileId, None] = {}
    for site in sites:
        for zoom in zooms:
            found.setdefault(TileId.at(site.lon, site.lat, zoom))
        if len(found) >= MOST_TILES:
            break
    return tuple(found)[:MOST_TILES]


def _search_word(sites: Sequence[Sampled]) -> str:
    """A part of a name that finds some, yet fewer than a search may find."""
    for site in sites[:200]:
        for word in re.findall(r"[0-9]{3,}", site.name):
            if 10 <= sitesql.count(sitesql.where({"q": word})) <= 4000:
                return str(word)
    return sites[0].name
