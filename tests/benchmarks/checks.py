"""Are the answers right? Each check returns what differs, one sentence each; nothing when all is equal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from maps.tiles import BBox, TileId
from tests.benchmarks import sitesql
from tests.benchmarks.mvtreader import sites_in
from tests.benchmarks.servers import Answer
from tests.benchmarks.sitesql import Where

#: The index keeps positions to about a centimetre: within so many degrees of an edge both sides are right.
EDGE = 2e-7
#: PostGIS compares boxes (`&&`, `@`) as 32-bit floats: so many degrees beyond an edge still count as inside.
FLOAT_EDGE = 1e-5
#: ST_AsMVT takes what rounds to a tile's edge: a pixel of its 4,096.
PIXELS = 4096
#: Distances agree to this (metres; answers are rounded to 0.1); so close together, either may come first.
NEAR_M = 0.06


class Check(Protocol):
    """Compares the application's answer with the baseline's (None: there is none) and with SQL."""

    def __call__(self, path: str, ours: Answer, other: Answer | None) -> list[str]: ...


def words_of(path: str) -> dict[str, str]:
    """The query words of a path."""
    return dict(parse_qsl(urlsplit(path).query))


@dataclass(frozen=True, slots=True)
class Between:
    """A number that is exact unless sites lie on the very edge of the box."""

    least: int
    most: int

    def differs(self, found: int) -> bool:
        return not self.least <= found <= self.most

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


def in_tile(tile: TileId, words: Mapping[str, str], margin: float = EDGE) -> Between:
    """How many public sites SQL counts in a tile."""
    return in_box(tile.bounds, sitesql.where(words), margin)


def in_box(box: BBox, condition: Where, margin: float = EDGE) -> Between:
    """How many sites that meet a condition SQL counts in a box, give or take `margin` degrees."""
    return Between(*sitesql.count_around(condition, box.as_tuple(), margin))


# --------------------------------------------------------------------------------------------- tiles


def tile_json(path: str, ours: Answer, other: Answer | None) -> list[str]:
    """Sum of clusters and points = total = SQL's count; points are the very sites; a DRF page fits into it."""
    body = json.loads(ours.body)
    tile, words = _tile_of(path), words_of(path)
    wanted = in_tile(tile, words)
    drawn = sum(cluster[2] for cluster in body["clusters"]) + len(body["points"])
    said = []
    if drawn != body["total"]:
        said.append(f"{path}: clusters and points stand for {drawn} sites, total says {body['total']}")
    if wanted.differs(body["total"]):
        said.append(f"{path}: total {body['total']}, SQL counts {wanted}")
    if not body["clusters"] and wanted.least == wanted.most:
        said += _same_sites(path, {point[2] for point in body["points"]}, tile, words)
    if other is not None:
        features = len(json.loads(other.body)["features"])
        # The page is cut at 1,000 and takes what lies on the edge of the tile.
        loose = in_tile(tile, words, FLOAT_EDGE)
        fits = loose.most >= 1000 if features == 1000 else not loose.differs(features)
        if not fits:
            said.append(f"{path}: total {body['total']}, the DRF page holds {features}")
    return said


def _same_sites(path: str, ours: set[str], tile: TileId, words: Mapping[str, str]) -> list[str]:
    condition = sitesql.where(words) & sitesql.in_box(*tile.bounds.as_tuple())
    rows = sitesql.rows(
        f"SELECT s.public_id FROM {sitesql.TABLES} WHERE {condition.sql}", condition.parameters
    )
    wanted = {row[0] for row in rows}
    return [f"{path}: points {sorted(ours ^ wanted)[:5]} are not in both"] if ours != wanted else []


def tile_mvt(path: str, ours: Answer, other: Answer | None) -> list[str]:
    """Clusters' counts and sites add up to SQL's count, and to the features of ST_AsMVT."""
    tile, words = _tile_of(path), words_of(path)
    wanted = in_tile(tile, words)
    said = []
    found = sites_in(ours.body)
    if wanted.differs(found):
        said.append(f"{path}: the tile stands for {found} sites, SQL counts {wanted}")
    if other is not None:
        pixel = (tile.bounds.max_lon - tile.bounds.min_lon) / PIXELS
        loose = in_tile(tile, words, FLOAT_EDGE + pixel)
        if loose.differs(sites_in(other.body)):
            said.append(f"{path}: ST_AsMVT has {sites_in(other.body)} features, SQL counts {loose}")
    return said


def _tile_of(path: str) -> TileId:
    z, x, y = urlsplit(path).path.rsplit(".", 1)[0].split("/")[-3:]
    return TileId(int(z), int(x), int(y))


# ------------------------------------------------------------------------------------ lists and rows


def same_page(path: str, ours: Answer, other: Answer | None) -> list[str]:
    """The same ids and names in the same order as the baseline's page, and as many as SQL counts."""
    body = json.loads(ours.body)
    said = []
    words = {word: value for word, value in words_of(path).items() if word not in ("limit", "after")}
    if body.get("total") is not None:
        wanted = _listed(words)
        if wanted.differs(body["total"]):
            said.append(f"{path}: total {body['total']}, SQL counts {wanted}")
    if other is not None:
        reply = json.loads(other.body)
        rows = reply["features"] if "features" in reply else reply["results"]
        box = BBox.parse(words["bbox"]) if "bbox" in words else None
        said += _same_rows(path, _well_inside(body["features"], box), _well_inside(rows, box))
    return said


def _listed(words: Mapping[str, str]) -> Between:
    if "bbox" not in words:
        total = sitesql.count(sitesql.where(words))
        return Between(total, total)
    rest = {word: value for word, value in words.items() if word != "bbox"}
    return in_box(BBox.parse(words["bbox"]), sitesql.where(rest))


def _well_inside(rows: list[dict[str, Any]], box: BBox | None) -> list[dict[str, Any]]:
    """Rows about which a box of 32-bit floats has the same opinion."""
    if box is None:
        return rows
    west, south, east, north = box.as_tuple()
    places = ((row, *row["geometry"]["coordinates"]) for row in rows)
    return [
        row
        for row, lon, lat in places
        if west + FLOAT_EDGE < lon < east - FLOAT_EDGE and south + FLOAT_EDGE < lat < north - FLOAT_EDGE
    ]


def _same_rows(path: str, ours: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[str]:
    # A row on the edge, left out above, may have pushed the last one off a full page.
    shorter = min(len(ours), len(others))
    if len(ours) != len(others) and shorter >= 990:
        ours, others = ours[:shorter], others[:shorter]
    mine = [(row["id"], row["properties"]["name"]) for row in ours]
    theirs = [(row["id"], row["properties"]["name"]) for row in others]
    if mine == theirs:
        return []
    place = next((n for n, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), len(theirs))
    return [f"{path}: {len(mine)} rows against {len(theirs)}; the first difference is at row {place + 1}"]


def same_detail(path: str, ours: Answer, other: Answer | None) -> list[str]:
    """Id, name, stage and kind are the baseline's."""
    body = json.loads(ours.body)
    if other is None:
        return []
    reply = json.loads(other.body)
    mine, theirs = (
        (row["id"], row["properties"]["name"], row["properties"]["stage"], row["properties"]["kind"]["slug"])
        for row in (body, reply)
    )
    return [] if mine == theirs else [f"{path}: {mine} against {theirs}"]


def same_nearest(path: str, ours: Answer, other: Answer | None) -> list[str]:
    """The same sites with the same names, in the order of the ORM's distances on the ellipsoid."""
    if other is None:
        return []
    features = json.loads(ours.body)["features"]
    mine = [(row["id"], row["properties"]["name"], row["properties"]["distance_m"]) for row in features]
    reply = json.loads(other.body)
    if "features" in reply:
        return _same_order(
            path, mine, [(row["id"], row["properties"]["name"], None) for row in reply["features"]]
        )
    return _same_order(path, mine, [(key, name, metres) for key, name, metres in reply["sites"]])


def _same_order(
    path: str, mine: list[tuple[str, str, float]], theirs: list[tuple[str, str, float | None]]
) -> list[str]:
    """Rank by rank the same site, or another as far away; every site at one distance and with one name."""
    if len(mine) != len(theirs):
        return [f"{path}: {len(mine)} sites against {len(theirs)}"]
    known = {key: (name, metres) for key, name, metres in mine}
    said = []
    for rank, ((key, _name, metres), (other, other_name, other_metres)) in enumerate(
        zip(mine, theirs, strict=True), start=1
    ):
        name, same = known.get(other, (other_name, other_metres))
        # A baseline that tells no distance: what we say of its site must fit this rank.
        far = other_metres if other_metres is not None else same
        if far is None or abs(metres - far) > NEAR_M or (same is not None and abs(same - far) > NEAR_M):
            said.append(f"{path}: rank {rank} is {key} at {metres} m, against {other} at {far} m")
        elif name != other_name:
            said.append(f"{path}: rank {rank}, {other}, is named {name}, against {other_name}")
    return said


# -------------------------------------------------------------------------------------------- counts


def same_facets(path: str, ours: Answer, other: Answer | None) -> list[str]:
    """Every count of every word is GROUP BY's."""
    if other is None:
        return []
    body, reply = json.loads(ours.body), json.loads(other.body)
    said = []
    for word, theirs in reply.items():
        mine = body.get(word)
        if mine != theirs:
            said.append(f"{path}: {word} is {_short(mine)}, GROUP BY says {_short(theirs)}")
    return said


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) < 200 else text[:200] + " ..."


def answers(path: str, ours: Answer, other: Answer | None) -> list[str]:
    """A page for people: it is there and says something."""
    return [] if ours.status == 200 and len(ours.body) > 500 else [f"{path}: {len(ours.body)} bytes"]
