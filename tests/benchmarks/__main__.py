"""`script/bench`: load, measure, compare, write the table. Exit 1 when an answer was wrong, 2 when it could not run."""

import argparse
import datetime as dt
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.benchmarks import growth, machine, programs, table
from tests.benchmarks.loading import DATABASES, SIZES, CannotRun, Place, load_seconds, prepare
from tests.benchmarks.results import SizeResult, read


def parser() -> argparse.ArgumentParser:
    """The options of script/bench."""
    found = argparse.ArgumentParser(
        prog="script/bench", description="Measure the map against its baselines.", allow_abbrev=False
    )
    found.add_argument(
        "--sizes", type=_sizes, default=["12k", "100k", "1m"], help=f"of {', '.join(SIZES)} (12k,100k,1m)"
    )
    found.add_argument(
        "--databases", type=_databases, default=list(DATABASES), help="spatialite,postgis (both)"
    )
    found.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="operations whose name holds NAME; also storm, 304, kernel, build, freshness, browser, growth",
    )
    found.add_argument("--out", type=Path, help="write the page here, too")
    found.add_argument("--keep", type=Path, help="folder for the databases: a second run finds them loaded")
    found.add_argument("--seconds", type=float, default=6.0, help="for the baselines of one operation (6)")
    found.add_argument("--repetitions", type=int, default=200, help="of the application's side (200)")
    found.add_argument("--checked", type=int, default=6, help="answers compared for each operation (6)")
    found.add_argument("--long", action="store_true", help="edit for ten minutes, not for half of one")
    found.add_argument(
        "--tipg", default="", metavar="PYTHON", help="a Python that has tipg and uvicorn: a baseline more"
    )
    found.add_argument("--fresh-seconds", type=float, help=argparse.SUPPRESS)
    return found


def main(arguments: Sequence[str]) -> int:
    programs.stop_in_order()
    given = parser().parse_args(arguments)
    fresh_seconds = given.fresh_seconds or (600.0 if given.long else 30.0)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        keep: Path = given.keep or Path(scratch)
        results: list[SizeResult] = []
        grown: dict[str, growth.Growth] = {}
        try:
            for database in given.databases:
                places, found = _measure_all(database, given, keep, Path(scratch), fresh_seconds)
                results += found
                if not given.only or "growth" in given.only:
                    _say(f"{database}: growth")
                    grown[database] = growth.measure(places, found)
        except CannotRun as problem:
            print(problem, file=sys.stderr)
            return 2
        except RuntimeError as problem:
            print(f"The run broke off: {problem}", file=sys.stderr)
            return 2
    versions = {name: value for result in results for name, value in result.versions.items()}
    text = table.page(
        machine.description(versions),
        results,
        grown,
        today=dt.datetime.now(dt.UTC).date(),
        command=_command(given),
    )
    print(text)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text, "utf-8")
    wrong = [said for result in results for said in result.differences]
    for said in wrong:
        print(f"wrong answer: {said}", file=sys.stderr)
    return 1 if wrong else 0


def _measure_all(
    database: str, given: argparse.Namespace, keep: Path, scratch: Path, fresh_seconds: float
) -> tuple[list[Place], list[SizeResult]]:
    """One database at every size wanted. Raises CannotRun, RuntimeError."""
    places, results = [], []
    for size in sorted(given.sizes, key=lambda name: SIZES[name]):
        if database == "spatialite" and size == "10m" and "postgis" in given.databases:
            continue
        _say(f"{database} {size}: loading")
        place = prepare(database, size, keep, os.environ["SECRET_KEY"])
        _say(f"{database} {size}: measuring")
        out = scratch / f"{database}-{size}.result"
        options = [database, size, str(out)]
        options += ["--seconds", str(given.seconds), "--repetitions", str(given.repetitions)]
        options += ["--checked", str(given.checked), "--fresh-seconds", str(fresh_seconds)]
        options += ["--tipg", given.tipg] if given.tipg else []
        options += [word for name in given.only for word in ("--only", name)]
        status = programs.follow(place.env, "onesize", *options)
        if status:
            raise RuntimeError(f"measuring {database} {size} ended with status {status}")
        result = read(out)
        result.load_seconds = load_seconds(place)
        places.append(place)
        results.append(result)
    return places, results


def _say(text: str) -> None:
    print(f"{dt.datetime.now(dt.UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def _command(given: argparse.Namespace) -> str:
    words = ["script/bench", f"--sizes {','.join(given.sizes)}", f"--databases {','.join(given.databases)}"]
    words += [f"--only {name}" for name in given.only] + (["--long"] if given.long else [])
    words += [f"--repetitions {given.repetitions}", f"--seconds {given.seconds:g}"]
    return " ".join(words)


def _sizes(text: str) -> list[str]:
    return _among(text, SIZES)


def _databases(text: str) -> list[str]:
    return _among(text, DATABASES)


def _among(text: str, known: Iterable[str]) -> list[str]:
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    allowed = list(known)
    wrong = [name for name in names if name not in allowed]
    if wrong or not names:
        raise argparse.ArgumentTypeError(f"{', '.join(wrong) or 'nothing'} is none of {', '.join(allowed)}")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
