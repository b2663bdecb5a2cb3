"""What doctor says about values; nothing here looks at this machine but the last tests."""

import datetime as dt
import json
import stat
from pathlib import Path

import pytest

from projects import diagnostics
from projects.diagnostics import Finding, Level
from projects.logindiagnostics import judge_log_ins, judge_proxies

GIB = 1024**3
NOON = dt.datetime(2024, 6, 30, 12, tzinfo=dt.UTC)
HERE = Path("/srv/app/var")
LOCAL = ["127.0.0.1", "localhost", "[::1]"]

CASES: list[tuple[str, Finding, Level, str]] = [
    # what, the finding, its level, a part of the sentence or of what mends it
    ("python of Debian 12", diagnostics.judge_python((3, 11, 2), "python3"), Level.OK, "3.11.2"),
    ("old python", diagnostics.judge_python((3, 10, 9), "python3"), Level.ERROR, "older than 3.11"),
    ("all packages", diagnostics.judge_packages([]), Level.OK, "installed"),
    ("no django", diagnostics.judge_packages(["django"]), Level.ERROR, "django"),
    ("gdal", diagnostics.judge_gdal("3.6.2"), Level.OK, "3.6.2"),
    ("no gdal", diagnostics.judge_gdal(None), Level.ERROR, "libgdal32"),
    ("much disk", diagnostics.judge_disk(2 * GIB, HERE), Level.OK, "2.0 GiB"),
    ("little disk", diagnostics.judge_disk(2 * GIB - 1, HERE), Level.WARNING, "GiB"),
    ("no disk", diagnostics.judge_disk(200 * 1024**2 - 1, HERE), Level.ERROR, "about to fail"),
    ("clock", diagnostics.judge_clock(NOON, NOON), Level.OK, "2024-06-30"),
    ("clock a day behind", diagnostics.judge_clock(NOON - dt.timedelta(days=1), NOON), Level.OK, ""),
    (
        "clock of 1970",
        diagnostics.judge_clock(dt.datetime.fromtimestamp(0, dt.UTC), NOON),
        Level.ERROR,
        "1970",
    ),
    ("no env file", diagnostics.judge_private_file(None, HERE), Level.OK, "environment"),
    ("private", diagnostics.judge_private_file(stat.S_IFREG | 0o600, HERE), Level.OK, "owner"),
    ("group reads", diagnostics.judge_private_file(stat.S_IFREG | 0o640, HERE), Level.ERROR, "chmod 600"),
    ("others write", diagnostics.judge_private_file(stat.S_IFREG | 0o602, HERE), Level.ERROR, "chmod 600"),
    ("debug off", diagnostics.judge_debug(False), Level.OK, "off"),
    ("debug on", diagnostics.judge_debug(True), Level.WARNING, "DEBUG=0"),
    ("secret", diagnostics.judge_secret_key(50), Level.OK, "50"),
    ("short secret", diagnostics.judge_secret_key(49), Level.ERROR, "token_urlsafe"),
    ("not collected", diagnostics.judge_static(HERE / "no such file"), Level.ERROR, "collectstatic"),
    ("database", diagnostics.judge_database("sqlite db", "", 0), Level.OK, "sqlite db"),
    ("unmigrated", diagnostics.judge_database("sqlite db", "", 2), Level.ERROR, "migrate"),
    ("unreachable", diagnostics.judge_database("pg", "timed out", 0), Level.ERROR, "timed out"),
    ("borders, demo", diagnostics.judge_boundaries(10, demo=True), Level.OK, "示意"),
    ("borders, in earnest", diagnostics.judge_boundaries(10, demo=False), Level.WARNING, "审图号"),
    ("reviewed borders", diagnostics.judge_boundaries(0, demo=False), Level.OK, ""),
    ("demo, local", diagnostics.judge_demo_accounts(3, LOCAL), Level.OK, "3"),
    ("demo, open", diagnostics.judge_demo_accounts(3, [*LOCAL, "map.example"]), Level.ERROR, "map.example"),
    ("demo, wildcard", diagnostics.judge_demo_accounts(1, ["*"]), Level.ERROR, "demo_accounts"),
    ("no demo, open", diagnostics.judge_demo_accounts(0, ["map.example"]), Level.OK, ""),
    ("http, local", diagnostics.judge_https(False, LOCAL), Level.OK, ""),
    ("http, open", diagnostics.judge_https(False, ["map.example"]), Level.WARNING, "HTTPS=1"),
    ("https, open", diagnostics.judge_https(True, ["map.example"]), Level.OK, "on"),
    ("no basemap", diagnostics.judge_basemap("none", "", "", ""), Level.OK, "none"),
    ("tianditu", diagnostics.judge_basemap("tianditu", "key", "", ""), Level.OK, "tianditu"),
    ("tianditu, no key", diagnostics.judge_basemap("tianditu", "", "", ""), Level.ERROR, "TIANDITU_KEY"),
    ("xyz, no address", diagnostics.judge_basemap("xyz", "", "", ""), Level.ERROR, "BASEMAP_URL"),
    ("xyz, no number", diagnostics.judge_basemap("xyz", "", "https://t", ""), Level.WARNING, "审图号"),
    ("xyz", diagnostics.judge_basemap("xyz", "", "https://t", "GS(2024)1"), Level.OK, "xyz"),
]


@pytest.mark.parametrize(
    ("finding", "level", "words"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_judgement(finding: Finding, level: Level, words: str) -> None:
    assert finding.level == level
    assert words in finding.sentence + finding.mend
    assert bool(finding.mend) == (level is not Level.OK), (
        "what is wrong names what mends it, and nothing else does"
    )


def test_static_files_are_collected(tmp_path: Path) -> None:
    (tmp_path / "staticfiles.json").write_text("{}", "utf-8")
    assert diagnostics.judge_static(tmp_path / "staticfiles.json").level is Level.OK


def test_spatialite_says_what_is_missing() -> None:
    found = diagnostics.judge_spatialite(("5.0.1", "3.11.1", "9.1.1"), "")
    assert [finding.check for finding in found] == ["spatialite", "geos", "proj"]
    (library,) = diagnostics.judge_spatialite(None, "mod_spatialite.so: cannot open shared object file")
    assert "apt-get install" in library.mend
    (interpreter,) = diagnostics.judge_spatialite(None, "this Python was built without enable_load_extension")
    assert "rm -rf .venv" in interpreter.mend


def test_reports_and_exit_status() -> None:
    fine, bad = diagnostics.ok("a", "Fine."), diagnostics.error("b", "Bad.", "mend it")
    late = diagnostics.warning("c", "Soon bad.", "mend it soon")
    assert diagnostics.exit_status([fine]) == 0
    assert diagnostics.exit_status([fine, late]) == 1
    answer = json.loads(diagnostics.as_json([fine, bad, late]))
    assert answer["status"] == "error"
    assert answer["findings"][1] == {"check": "b", "level": "error", "sentence": "Bad.", "mend": "mend it"}
    text = diagnostics.as_text([fine, bad, late])
    assert "-> mend it" in text
    assert text.splitlines()[-1] == "3 checks, 2 to mend."
    assert diagnostics.as_text([fine]).splitlines()[-1] == "1 checks, nothing to mend."


def test_bare_run_tells_why_django_cannot_start(capsys: pytest.CaptureFixture[str]) -> None:
    problem = RuntimeError("Could not find the GDAL library\nand more lines")
    assert diagnostics.run_bare(["--json"], problem) == 2
    last = json.loads(capsys.readouterr().out)["findings"][-1]
    assert last["check"] == "django"
    assert last["sentence"] == "The application cannot start: Could not find the GDAL library"


def test_this_machine_runs_the_project(tmp_path: Path) -> None:
    found = diagnostics.machine_findings(tmp_path, tmp_path / "env", dt.datetime.now(dt.UTC))
    assert {finding.check for finding in found} == {
        "python", "packages", "spatialite", "geos", "proj", "gdal", "disk", "clock", "env-file",
    }  # fmt: skip
    broken = [finding for finding in found if finding.level is Level.ERROR and finding.check != "disk"]
    assert broken == []


@pytest.mark.parametrize(
    ("two_factor", "minutes", "hosts", "level"),
    [
        ("required", 30, ["map.example.gov.cn"], Level.OK),
        ("optional", 30, ["map.example.gov.cn"], Level.WARNING),
        ("off", 30, ["map.example.gov.cn"], Level.WARNING),
        ("required", 0, ["map.example.gov.cn"], Level.WARNING),
        ("required", 480, ["map.example.gov.cn"], Level.WARNING),
        ("off", 0, ["127.0.0.1", "localhost"], Level.OK),
    ],
)
def test_log_ins(two_factor: str, minutes: int, hosts: list[str], level: Level) -> None:
    assert judge_log_ins(two_factor, minutes, hosts).level is level


@pytest.mark.parametrize(
    ("https", "trusted", "level"),
    [
        (True, ["127.0.0.1/32"], Level.OK),
        (True, [], Level.WARNING),
        (False, [], Level.OK),
        (False, ["0.0.0.0/0"], Level.ERROR),
        (True, ["10.0.0.0/8", "::/0"], Level.ERROR),
    ],
)
def test_proxies(https: bool, trusted: list[str], level: Level) -> None:
    assert judge_proxies(https, trusted).level is level
