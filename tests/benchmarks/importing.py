"""An import of a workbook beside python-calamine reading the same file and a bulk load of the same rows.

    .venv/bin/python -m tests.benchmarks.importing [--rows 10000,100000] [--repeat 1] [--profile FILE]

Everything happens in an empty database of its own (`DATABASE_URL`, or a SpatiaLite file that is gone
afterwards). Each measurement is a process of its own, so its peak of memory is its own; read, load, command
and page take turns, so a busy moment of the machine hits all of them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
HEADERS: Final = (
    "点位编码", "名称", "经度", "纬度", "区县", "地址", "服务状态", "开放时间", "联系电话", "实际完工日期"
)  # fmt: skip
GOAL: Final = 3.0
WEST, SOUTH, SIZE = 121.5, 29.8, 0.1


def main() -> int:
    given = _parser().parse_args()
    if given.part:
        print(json.dumps(_PARTS[given.part](given)))
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-import-") as folder:
        return _measure(given, Path(folder))


def _parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="tests.benchmarks.importing", allow_abbrev=False)
    found.add_argument("--rows", default="10000,100000", help="sizes of the file (10000,100000)")
    found.add_argument("--repeat", type=int, default=1, help="rounds; the best of each part counts (1)")
    found.add_argument("--profile", default="", metavar="FILE", help="profile the engine's part into FILE")
    found.add_argument("--part", default="", help=argparse.SUPPRESS)
    found.add_argument("--file", default="", help=argparse.SUPPRESS)
    return found


def _measure(given: argparse.Namespace, folder: Path) -> int:
    environment = {
        "DATABASE_URL": f"spatialite:///{folder}/db.sqlite3",
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }

    is_own = "DATABASE_URL" not in os.environ

    def part(name: str, path: Path) -> dict[str, float]:
        given_database = dict(environment)
        if is_own and name != "prepare":
            copy = folder / "copy.sqlite3"
            for old in folder.glob("copy.sqlite3*"):
                old.unlink()
            shutil.copy(folder / "db.sqlite3", copy)
            given_database |= {"DATABASE_URL": f"spatialite:///{copy}", "BENCH_COPY": "1"}
        command = [sys.executable, "-m", "tests.benchmarks.importing", "--part", name, "--file", str(path)]
        if given.profile and name in ("command", "page"):
            command += ["--profile", f"{given.profile}.{name}"]
        done = subprocess.run(
            command, cwd=ROOT, env=given_database, check=True, stdout=subprocess.PIPE, text=True
        )
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found

    part("prepare", folder)
    print(
        f"{'rows':>8} {'read':>7} {'load':>7} {'command':>8} {'page':>7} {'ratio':>6} {'ratio':>6}  MB (own, reader)"
    )
    status = 0
    for rows in map(int, given.rows.split(",")):
        path = folder / f"{rows}.xlsx"
        _write(path, rows)
        best: dict[str, dict[str, float]] = {}
        for _round in range(given.repeat):
            for name in ("load", "command", "page"):
                found = part(name, path)
                if name not in best or found["seconds"] < best[name]["seconds"]:
                    best[name] = found
        floor = best["load"]["seconds"]
        ratios = {name: best[name]["seconds"] / floor for name in ("command", "page")}
        print(
            f"{rows:>8} {best['load']['read']:>6.1f}s {best['load']['write']:>6.1f}s "
            f"{best['command']['seconds']:>7.1f}s {best['page']['seconds']:>6.1f}s "
            f"{ratios['command']:>5.2f}x {ratios['page']:>5.2f}x  "
            + ", ".join(
                f"{name} {found['own_mb']:.0f}+{found['child_mb']:.0f}" for name, found in best.items()
            )
        )
        cpu = {name: found["cpu"] for name, found in best.items()}
        print(
            f"{'':>8} processor {cpu['load']:.1f}s {cpu['command']:.1f}s {cpu['page']:.1f}s: "
            f"{cpu['command'] / cpu['load']:.2f}x {cpu['page'] / cpu['load']:.2f}x"
        )
        print(
            " " * 9
            + ", ".join(f"{k} {v:.1f}s" for k, v in best["page"].items() if not k.endswith(("mb", "cpu")))
        )
        if max(ratios.values()) >= GOAL and rows >= 100_000:
            status = 1
    return status


def _write(path: Path, rows: int) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("点位")
    sheet.append(HEADERS)
    for n in range(rows):
        lon, lat = (
            WEST + SIZE * ((n * 7919) % 99_991) / 99_991,
            SOUTH + SIZE * ((n * 104_729) % 99_989) / 99_989,
        )
        sheet.append(
            (
                f"K{n:06d}", f"第 {n} 助餐点", round(lon, 6), round(lat, 6), "海曙区", f"药行街 {n} 号", "开放",
                "08:00-17:00", f"0574-{n:08d}", "2024-03-15",
            )
        )  # fmt: skip
    book.save(path)


def _django() -> None:
    import django

    django.setup()


def _prepare(given: argparse.Namespace) -> dict[str, float]:
    _django()
    import datetime as dt

    import shapely
    from django.core.management import call_command

    from projects.actions.divisions import save_boundary, save_division
    from projects.models import FacilityKind, Membership, User
    from projects.models.access import system_access
    from projects.rules.vocabulary import DivisionLevel, Role

    call_command("migrate", verbosity=0)
    access = system_access()
    county = save_division(access=access, code="330203", name_zh="海曙区", level=DivisionLevel.COUNTY)
    box = shapely.box(WEST - 0.01, SOUTH - 0.01, WEST + SIZE + 0.01, SOUTH + SIZE + 0.01)
    since = dt.date(2024, 1, 1)
    save_boundary(
        access=access, division=county, geometry=box, source="test", licence="test", valid_from=since
    )
    FacilityKind.objects.create(slug="meal-point", number=1, name_zh="助餐点")
    user = User.objects.create(username="admin")
    Membership.objects.create(user=user, role=Role.ADMINISTRATOR.value)
    return {}


def _load(given: argparse.Namespace) -> dict[str, float]:
    """python-calamine reads, Django's bulk_create writes the sites: nothing is checked, nothing is recorded."""
    _django()
    import python_calamine
    from django.contrib.gis.geos import Point
    from django.db import transaction
    from django.db.models import Max

    from projects.models import Division, FacilityKind, Site

    county, kind = Division.objects.get(), FacilityKind.objects.get()
    newest = Site.objects.aggregate(newest=Max("pk"))["newest"] or 0
    begin = perf_counter()
    rows: list[list[Any]] = python_calamine.load_workbook(given.file).get_sheet_by_index(0).to_python()[1:]
    read = perf_counter() - begin
    with transaction.atomic():
        Site.objects.bulk_create(
            [
                Site(
                    code=row[0], public_id=row[0], kind=kind, name=row[1], address=row[5], stage="finished",
                    geom=Point(row[2], row[3], srid=4326), location=Point(row[2], row[3], srid=4326),
                    source_x=row[2], source_y=row[3], service="open", opening_hours=row[7], phone=row[8],
                    finished_on=row[9], located_in=county, managed_by=county,
                )
                for row in rows
            ],
            batch_size=1_000,
        )  # fmt: skip
    seconds = perf_counter() - begin
    peaks = _peaks()
    _empty(newest)
    return {"seconds": seconds, "read": read, "write": seconds - read, **peaks}


def _empty(newest: int) -> None:
    """As before the load: no rows are left to slow the next part down."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM projects_site WHERE id > %s", [newest])


def _options() -> Any:
    from maps.datum import Datum
    from projects.exchange.options import ImportOptions, KindRule

    return ImportOptions(
        datum=Datum.WGS84, kind=KindRule(slug="meal-point"), code_column="点位编码", source="bench"
    )


@contextmanager
def _profiled(given: argparse.Namespace) -> Iterator[None]:
    if not given.profile:
        yield
        return
    import cProfile

    profile = cProfile.Profile()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        profile.dump_stats(given.profile)


def _command(given: argparse.Namespace) -> dict[str, float]:
    """What import_sites does."""
    _django()
    from django.utils import timezone

    from projects.exchange.importjob import run_import
    from projects.models import User
    from projects.models.access import access_of

    access = access_of(User.objects.get(username="admin"), timezone.localdate())
    begin = perf_counter()
    with _profiled(given):
        outcome = run_import(
            Path(given.file), _options(), access=access, today=timezone.localdate(), max_megabytes=200,
            max_rows=1_000_000,
        )  # fmt: skip
    seconds = perf_counter() - begin
    assert outcome.status.value == "applied", outcome.problems[:3]
    peaks = _peaks()
    _undo(outcome.batch or 0, access)
    return {"seconds": seconds, **peaks}


def _page(given: argparse.Namespace) -> dict[str, float]:
    """What the pages do: hand in, check, apply."""
    _django()
    from django.utils import timezone

    from projects.exchange.stagedoptions import StagedOptions
    from projects.exchange.stagedwork import apply, check
    from projects.exchange.staging import set_options, upload
    from projects.models import User
    from projects.models.access import access_of

    access = access_of(User.objects.get(username="admin"), timezone.localdate())
    begin = perf_counter()
    with _profiled(given):
        with Path(given.file).open("rb") as file:
            staged = upload(access, iter(lambda: file.read(65_536), b""), "bench.xlsx")
        staged = set_options(access, staged.pk, StagedOptions(_options()))
        uploaded = perf_counter() - begin
        staged = check(staged.pk)
        checked = perf_counter() - begin
        assert staged.can_apply, (staged.error, staged.counts)
        batch = apply(staged.pk, access)
    seconds = perf_counter() - begin
    peaks = _peaks()
    _undo(batch.pk, access)
    return {
        "seconds": seconds, "upload": uploaded, "check": checked - uploaded, "apply": seconds - checked, **peaks
    }  # fmt: skip


def _undo(batch_id: int, access: Any) -> None:
    """The codes are free again for the next round; a SQLite file is thrown away instead."""
    if os.environ.get("BENCH_COPY"):
        return
    from projects.actions.undoing import undo_batch

    undo_batch(access=access, batch_id=batch_id, reason="bench")


def _peaks() -> dict[str, float]:
    import resource

    times = os.times()
    return {
        "cpu": times.user + times.system + times.children_user + times.children_system,
        "own_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "child_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


_PARTS: Final[dict[str, Callable[[argparse.Namespace], dict[str, float]]]] = {
    "prepare": _prepare,
    "load": _load,
    "command": _command,
    "page": _page,
}

if __name__ == "__main__":
    raise SystemExit(main())
