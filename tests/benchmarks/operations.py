"""Every operation that is measured: what is asked, of whom else the same is asked, and who says it is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from maps.tiles import TileId
from tests.benchmarks import checks, sitesql, tipg
from tests.benchmarks.checks import Check
from tests.benchmarks.subjects import Subjects

API = "/api/v1/sites/"
LATE = {"light": "red,yellow"}
ZOOMS = ("low", "mid", "high")
#: So many filters that nobody asked for before; each is asked once.
COLD = 400
#: What tipg asks of PostGIS, without tipg.
CUT = "ST_AsMVT of 10,000 rows"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The same questions put to another way of answering; `paths` go with the operation's.

    `compared`: it leaves nothing out, so that its answer can be held against the application's.
    """

    name: str
    paths: tuple[str, ...]
    compared: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """`paths` are asked in turn; `check` holds some of the answers against SQL and the baselines."""

    name: str
    paths: tuple[str, ...]
    check: Check
    baselines: tuple[Baseline, ...] = ()


def operations(subjects: Subjects, *, postgis: bool, with_tipg: bool = False) -> list[Operation]:
    """All of them, in the order of the table."""
    return [
        *_tiles(subjects, postgis=postgis, with_tipg=with_tipg),
        *_cold(subjects),
        *_nearest(subjects),
        *_counts(subjects),
        *_lists(subjects),
        *_pages(subjects),
    ]


# --------------------------------------------------------------------------------------------- tiles


def _tiles(subjects: Subjects, *, postgis: bool, with_tipg: bool) -> list[Operation]:
    found = []
    for zoom in ZOOMS:
        tiles = subjects.tiles(zoom)
        for name, words in subjects.filters.items():
            rows = Baseline(
                "DRF GeoJSON", tuple(_with("/bench/drf/sites/", words, bbox=_box(tile)) for tile in tiles)
            )
            found.append(
                Operation(
                    f"tile.json {zoom} {name}",
                    tuple(_tile(tile, "json", words) for tile in tiles),
                    checks.tile_json,
                    (rows,),
                )
            )
        for name, words in subjects.filters.items():
            found.append(
                Operation(
                    f"tile.mvt {zoom} {name}",
                    tuple(_tile(tile, "mvt", words) for tile in tiles),
                    checks.tile_mvt,
                    _as_mvt(tiles, words, with_tipg=with_tipg) if postgis else (),
                )
            )
    return found


def _as_mvt(tiles: Sequence[TileId], words: Mapping[str, str], *, with_tipg: bool) -> tuple[Baseline, ...]:
    paths = [f"/bench/mvt/{tile.z}/{tile.x}/{tile.y}/" for tile in tiles]
    found = [
        Baseline("ST_AsMVT", tuple(_with(path, words) for path in paths)),
        Baseline(CUT, tuple(_with(path, words, cap="10000") for path in paths), compared=False),
    ]
    if with_tipg and words.keys() <= {"kind"}:
        columns = {}
        if "kind" in words:
            statement = "SELECT id FROM projects_facilitykind WHERE slug = %s"
            columns["kind_id"] = str(sitesql.rows(statement, (words["kind"],))[0][0])
        found.append(
            Baseline(tipg.NAME, tuple(tipg.tile_path(tile, columns) for tile in tiles), compared=False)
        )
    return tuple(found)


def _cold(subjects: Subjects) -> list[Operation]:
    """Distinct filters, each for the first time: nothing that was worked out before can help."""
    found = []
    for number, zoom in enumerate(ZOOMS):
        tiles = subjects.tiles(zoom)
        fresh = subjects.fresh_filters(number)
        paths = tuple(
            _tile(tile, "json", words) for tile, words in zip(_again(tiles, COLD), fresh, strict=False)
        )
        found.append(Operation(f"tile.json {zoom} cold filter", paths, checks.tile_json))
    fresh = subjects.fresh_filters(len(ZOOMS))
    paths = tuple(_with(f"{API}facets/", words) for words, _ in zip(fresh, range(COLD), strict=False))
    found.append(Operation("facets cold filter", paths, checks.same_facets))
    return found


# -------------------------------------------------------------------------------- nearest and counts


def _nearest(subjects: Subjects) -> list[Operation]:
    found = []
    for name in ("all", "kind", "stage+service+division"):
        words = subjects.filters[name]
        places = [
            {"lon": f"{site.lon + 0.003:.6f}", "lat": f"{site.lat - 0.002:.6f}"}
            for site in subjects.sites[:240]
        ]
        found.append(
            Operation(
                f"nearest 10 {name}",
                tuple(_with(f"{API}nearest/", words, limit="10", **place) for place in places),
                checks.same_nearest,
                (
                    Baseline(
                        "ORM Distance",
                        tuple(_with("/bench/orm/nearest/", words, **place) for place in places),
                    ),
                    Baseline(
                        "best DRF view",
                        tuple(_with("/bench/drf/nearest/", words, **place) for place in places),
                    ),
                ),
            )
        )
    return found


def _counts(subjects: Subjects) -> list[Operation]:
    boxes = [{"bbox": _edges(box.as_tuple())} for box in subjects.boxes(0.05, 120)]
    kind = subjects.filters["kind"]
    asked: list[tuple[str, list[dict[str, str]]]] = [
        ("facets all", [{}]),
        ("facets kind", [kind]),
        ("facets bbox", boxes),
        ("facets kind bbox", [{**kind, **box} for box in boxes]),
        ("late facets", [LATE]),
        ("late facets by division", [{**LATE, "division": code} for code in subjects.divisions]),
    ]
    return [
        Operation(
            name,
            tuple(_with(f"{API}facets/", words) for words in queries),
            checks.same_facets,
            (Baseline("ORM GROUP BY", tuple(_with("/bench/orm/facets/", words) for words in queries)),),
        )
        for name, queries in asked
    ]


# --------------------------------------------------------------------------------------------- rows


def _lists(subjects: Subjects) -> list[Operation]:
    boxes = [{"bbox": _edges(box.as_tuple())} for box in subjects.boxes(0.05, 60)]
    ids = [site.public_id for site in subjects.sites[:240]]
    return [
        Operation(
            "list of 1,000 in a box",
            tuple(_with(API, box, limit="1000") for box in boxes),
            checks.same_page,
            (Baseline("DRF GeoJSON", tuple(_with("/bench/drf/sites/", box) for box in boxes)),),
        ),
        Operation(
            "detail",
            tuple(f"{API}{key}/" for key in ids),
            checks.same_detail,
            (Baseline("DRF detail", tuple(f"/bench/drf/sites/{key}/" for key in ids)),),
        ),
        _late_list(),
    ]


def _late_list() -> Operation:
    """Pages of 100 from all over the list; the baseline's OFFSET is the place of the application's cursor."""
    condition = sitesql.where(LATE)
    ids = [
        row[0]
        for row in sitesql.rows(
            f"SELECT s.id FROM {sitesql.TABLES} WHERE {condition.sql} ORDER BY s.id", condition.parameters
        )
    ]
    step = max(100, len(ids) // 60 // 100 * 100)
    offsets = range(0, max(len(ids), 1), step)
    after = [{} if offset == 0 else {"after": str(ids[offset - 1])} for offset in offsets]
    return Operation(
        "late list page",
        tuple(_with(API, LATE, limit="100", **cursor) for cursor in after),
        checks.same_page,
        (
            Baseline(
                "ORM COUNT + OFFSET",
                tuple(_with("/bench/drf/late/", LATE, limit="100", offset=str(offset)) for offset in offsets),
            ),
        ),
    )


def _pages(subjects: Subjects) -> list[Operation]:
    """The map's page for people, whole: it has no baseline. Those of figures are in figures.py."""
    return [Operation("page / (map)", ("/",), checks.answers)]


# ------------------------------------------------------------------------------------------ addresses


def _tile(tile: TileId, form: str, words: Mapping[str, str]) -> str:
    return _with(f"{API}tiles/{tile.z}/{tile.x}/{tile.y}.{form}", words)


def _with(path: str, words: Mapping[str, str], **more: str) -> str:
    query = urlencode({**words, **more}, safe=",")
    return f"{path}?{query}" if query else path


def _box(tile: TileId) -> str:
    return _edges(tile.bounds.as_tuple())


def _edges(edges: tuple[float, float, float, float]) -> str:
    return ",".join(f"{edge:.9f}" for edge in edges)


def _again(tiles: Sequence[TileId], most: int) -> list[TileId]:
    return [tiles[number % len(tiles)] for number in range(most)]


def storm_paths(subjects: Subjects, most: int) -> list[str]:
    """Tiles, counts and nearest lists under filters that nobody asked for before."""
    fresh = subjects.fresh_filters(99)
    tiles = [
        tile
        for trio in zip(*(_again(subjects.tiles(zoom), most) for zoom in ZOOMS), strict=True)
        for tile in trio
    ]
    found = []
    for number, words in zip(range(most), fresh, strict=False):
        site = subjects.sites[number % len(subjects.sites)]
        if number % 5 == 3:
            found.append(_with(f"{API}facets/", words))
        elif number % 5 == 4:
            found.append(_with(f"{API}nearest/", words, lon=f"{site.lon:.5f}", lat=f"{site.lat:.5f}"))
        else:
            found.append(_tile(tiles[number], "mvt" if number % 2 else "json", words))
    return found
