"""The goals of the map at scale, one row each: what was reached, what was wanted, by how much it falls short."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks import tipg
from tests.benchmarks.figures import OF_SUMS
from tests.benchmarks.growth import Growth
from tests.benchmarks.operations import CUT
from tests.benchmarks.results import Row, SizeResult

ZOOMS = ("low", "mid", "high")
#: Operations of figures: see tests.benchmarks.figures.
FIGURES = (
    "figures of a division",
    "figures of a division, any day",
    "headline",
    "page /districts/CODE/",
    "page /programmes/KEY/",
)
#: Bytes: "1.5 kB".
SMALL_TILE = 1500


@dataclass(frozen=True, slots=True)
class Goal:
    """`reached` and `wanted` are in `unit`; `at_least`: more is better. `note` says what was compared."""

    text: str
    where: str
    reached: float
    wanted: float
    unit: str
    at_least: bool = False
    note: str = ""

    @property
    def is_reached(self) -> bool:
        return self.reached >= self.wanted if self.at_least else self.reached <= self.wanted

    @property
    def verdict(self) -> str:
        if self.is_reached:
            return "reached"
        short = self.wanted / self.reached if self.at_least else self.reached / self.wanted
        return f"falls short by {short:.1f}x"


def goals(result: SizeResult, growth: Growth) -> list[Goal]:
    """Every goal that this result says something about."""
    return [
        *_floor(result),
        *_growth(result, growth),
        *_peers(result),
        *_figures(result, growth),
        *_bytes(result),
        *_process(result),
        *_freshness(result),
        *_browser(result),
    ]


def _where(result: SizeResult) -> str:
    return f"{result.database} {result.size}"


def _floor(result: SizeResult) -> Iterator[Goal]:
    tiles = [row for row in result.rows if row.operation.startswith("tile.") and "304" not in row.operation]
    searched = [row for row in tiles if row.operation.endswith(" q")]
    for name, rows in (
        ("any zoom and filter but q", [row for row in tiles if row not in searched]),
        ("any zoom, filtered by q", searched),
    ):
        if rows:
            yield _worst(
                f"tile through the whole stack, {name}: p50 over the floor's", result, rows, 2.0, floor_p50
            )
            yield _worst("the same: p95 over the floor's p95", result, rows, 4.0, floor_p95)


def _worst(
    text: str, result: SizeResult, rows: Sequence[Row], wanted: float, ratio: Callable[[Row], float]
) -> Goal:
    ranked = sorted(rows, key=ratio)
    again = max(row.again.p50 / row.floor.p50 for row in rows if row.floor)
    note = (
        f"the worst, {ranked[-1].operation}; {sum(ratio(row) <= wanted for row in rows)} of {len(rows)}"
        f" kinds of tile are within, the median is {ratio(ranked[len(ranked) // 2]):.2f}x;"
        f" asked again the worst p50 is {again:.2f}x"
    )
    return Goal(text, _where(result), ratio(ranked[-1]), wanted, "x", note=note)


def floor_p50(row: Row) -> float:
    """Median over the floor's median in the same window."""
    return row.ours.p50 / row.floor.p50 if row.floor else float("nan")


def floor_p95(row: Row) -> float:
    """95th percentile over the floor's."""
    return row.ours.p95 / row.floor.p95 if row.floor else float("nan")


def _growth(result: SizeResult, growth: Growth) -> Iterator[Goal]:
    grown = {
        operation: sizes[result.size].p50 / next(iter(sizes.values())).p50
        for operation, sizes in growth.items()
        if operation.startswith("tile.") and result.size in sizes
    }
    searched = {operation for operation in grown if operation.endswith(" q")}
    wide = {operation for operation in grown.keys() - searched if _is_wide(operation)}
    for text, operations, wanted in (
        ("growth of a tile's p50", grown.keys() - searched - wide, 1.5),
        ("growth of a filtered low-zoom tile's p50", wide, 4.0),
        ("growth of a tile's p50, filtered by q", searched, 1.5),
    ):
        if operations:
            worst = max(operations, key=lambda operation: grown[operation])
            smallest = next(iter(growth[worst]))
            yield Goal(
                f"{text}, {smallest} to {result.size} (goal: to 10m)",
                _where(result),
                grown[worst],
                wanted,
                "x",
                note=f"the worst, {worst}",
            )


def _is_wide(operation: str) -> bool:
    """A filtered tile of the low zooms: it looks at every site of the city."""
    return " low " in operation and not operation.endswith(" all")


# ------------------------------------------------------------------------------------------- figures


def _figures(result: SizeResult, growth: Growth) -> Iterator[Goal]:
    for operation in FIGURES:
        row = result.row(operation)
        found = [one for one in row.against if one.name == OF_SUMS] if row else []
        if row is not None and found:
            yield Goal(
                f"{operation}: p50 over one indexed read of the maintained sums",
                _where(result),
                row.ours.p50 / found[0].timing.p50,
                3.0,
                "x",
                note=f"{row.ours.p50:.2f} ms against {found[0].timing.p50:.2f} ms",
            )
        sizes = growth.get(operation, {})
        if result.size in sizes:
            smallest = next(iter(sizes))
            yield Goal(
                f"{operation}: growth of the p50, {smallest} to {result.size} (goal: to 1m)",
                _where(result),
                sizes[result.size].p50 / sizes[smallest].p50,
                1.5,
                "x",
            )


# --------------------------------------------------------------------------------------------- peers


def _peers(result: SizeResult) -> Iterator[Goal]:
    postgis = result.database == "postgis"
    asked: list[tuple[str, str, str, float]] = []
    if postgis:
        plain = result.row("tile.mvt low all")
        has_tipg = plain is not None and any(one.name == tipg.NAME for one in plain.against)
        peer, name = (tipg.NAME, "tipg") if has_tipg else (CUT, "tipg's statement")
        for zoom, wanted in (("low", 100.0), ("mid", 100.0), ("high", 5.0)):
            asked.append((f"tile at {zoom} zoom against {name}", f"tile.mvt {zoom} all", peer, wanted))
        for zoom in ("low", "mid"):
            asked.append(
                (
                    f"filtered tile at {zoom} zoom against {name}",
                    f"tile.mvt {zoom} kind",
                    peer,
                    20.0,
                )
            )
    else:
        for zoom in ZOOMS:
            asked.append(
                (f"tile at {zoom} zoom against the DRF view", f"tile.json {zoom} all", "DRF GeoJSON", 500.0)
            )
    nearest = "nearest 10 kind"
    asked += [
        ("nearest 10 with a filter against the best DRF view", nearest, "best DRF view", 10.0),
        (
            "nearest 10 with a filter against the ORM's Distance",
            nearest,
            "ORM Distance",
            60.0 if postgis else 150.0,
        ),
        (
            "late list page against COUNT and OFFSET",
            "late list page",
            "ORM COUNT + OFFSET",
            30.0 if postgis else 40.0,
        ),
        ("late facets against GROUP BY", "late facets", "ORM GROUP BY", 100.0 if postgis else 1000.0),
    ]
    for text, operation, baseline, wanted in asked:
        row = result.row(operation)
        found = [one for one in row.against if one.name == baseline] if row else []
        if row is not None and found:
            note = f"{row.ours.p50:.2f} ms against {found[0].timing.p50:.1f} ms"
            yield Goal(text, _where(result), found[0].timing.p50 / row.ours.p50, wanted, "x", True, note)


def _bytes(result: SizeResult) -> Iterator[Goal]:
    row = result.row("tile.json low all")
    if row is not None:
        yield Goal(
            "unfiltered low-zoom tile of the city, gzipped",
            _where(result),
            row.gzip_bytes,
            SMALL_TILE,
            " bytes",
            note="the largest that was looked at",
        )


# ------------------------------------------------------------------------------ process, edits, browser


def _process(result: SizeResult) -> Iterator[Goal]:
    if result.memory is not None:
        wanted = 800.0 if result.size == "10m" else 220.0
        of = "10 M" if result.size == "10m" else "1 M"
        yield Goal(
            f"memory of a worker (goal: at {of}), PSS",
            _where(result),
            result.memory.pss,
            wanted,
            " MiB",
            note=f"RSS {result.memory.rss:.0f}, USS {result.memory.uss:.0f} MiB",
        )
    if result.build is not None and result.sites >= 100_000:
        yield Goal(
            "building the index from the database, a million sites",
            _where(result),
            result.build.rebuild_seconds / (result.sites / 1e6),
            2.0,
            " s",
            note=f"of that numpy {result.build.build_seconds / (result.sites / 1e6):.2f} s",
        )


def _freshness(result: SizeResult) -> Iterator[Goal]:
    fresh = result.freshness
    if fresh is None:
        return
    note = f"{fresh.per_second:.1f} edits a second for {fresh.seconds:.0f} s, {fresh.workers} workers"
    for text, reached in (("p95", fresh.staff.p95), ("the slowest", fresh.staff_max)):
        yield Goal(
            f"an edit visible to staff in every worker, {text}",
            _where(result),
            reached,
            100.0,
            " ms",
            note=note,
        )
    yield Goal(
        "an edit visible to the public in every worker, the slowest",
        _where(result),
        fresh.public_max / 1000.0,
        60.0,
        " s",
        note="in the server's answers; a browser or proxy may keep its copy for PUBLIC_MAX_AGE seconds more",
    )


def _browser(result: SizeResult) -> Iterator[Goal]:
    if not isinstance(result.browser, str):
        yield Goal(
            "browser, 4x CPU throttle: first clusters",
            _where(result),
            result.browser.first_clusters,
            1600.0,
            " ms",
        )
        yield Goal(
            "browser, 4x CPU throttle: a frame of panning, p95",
            _where(result),
            result.browser.pan_frame,
            34.0,
            " ms",
        )


def missing(results: Sequence[SizeResult]) -> list[str]:
    """Goals that this run says nothing about, as sentences."""
    said = [
        f"Browser, {_where(result)}: {result.browser}."
        for result in results
        if isinstance(result.browser, str)
    ]
    if not any(result.size == "10m" for result in results):
        said.append("10 M sites: not in this run (`--sizes 10m --databases postgis`).")
    return said
