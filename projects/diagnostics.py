"""What is wrong with a machine or an installation, and the command that mends it.

No Django here: `manage.py doctor` must answer on a machine where Django cannot start. The judging functions
take plain values and return Findings; `machine_findings` looks at this machine; what needs settings or the
database is looked up by the command (projects/management/commands/doctor.py) and judged here.
"""

import argparse
import ctypes
import ctypes.util
import datetime as dt
import importlib.util
import json
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MINIMUM_PYTHON = (3, 11)
#: A start, an import and a day of change history need about this much; below the second figure SQLite fails.
LITTLE_SPACE, TOO_LITTLE_SPACE = 2 * 1024**3, 200 * 1024**2
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
INSTALL = "apt-get install --no-install-recommends"
SETUP = "script/server"


class Level(StrEnum):
    """How bad a finding is. An error stops something from working or leaks something; a warning will."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what was found, and the command or setting that mends it."""

    check: str
    level: Level
    sentence: str
    mend: str = ""


def ok(check: str, sentence: str) -> Finding:
    """A finding with nothing to mend."""
    return Finding(check, Level.OK, sentence)


def warning(check: str, sentence: str, mend: str) -> Finding:
    """A finding that does no harm yet."""
    return Finding(check, Level.WARNING, sentence, mend)


def error(check: str, sentence: str, mend: str) -> Finding:
    """A finding that stops something from working, or shows what must not be shown."""
    return Finding(check, Level.ERROR, sentence, mend)


# ------------------------------------------------------------------------------------ this machine


def judge_python(version: Sequence[int], executable: str) -> Finding:
    """`version` is sys.version_info or its first three numbers."""
    found = ".".join(str(part) for part in version[:3])
    if tuple(version[:2]) < MINIMUM_PYTHON:
        return error("python", f"Python {found} ({executable}) is older than 3.11.", SETUP)
    return ok("python", f"Python {found} ({executable}).")


def judge_spatialite(versions: tuple[str, str, str] | None, problem: str) -> list[Finding]:
    """`versions` of SpatiaLite, GEOS and PROJ as SpatiaLite states them; None with the reason why not."""
    if versions is None:
        loading = "enable_load_extension" in problem
        mend = (
            f"rm -rf .venv && {SETUP}   (it takes an interpreter that can)"
            if loading
            else f"{INSTALL} libsqlite3-mod-spatialite"
        )
        return [error("spatialite", f"SpatiaLite cannot be loaded into SQLite: {problem}.", mend)]
    return [
        ok("spatialite", f"SpatiaLite {versions[0]} loads into SQLite {sqlite3.sqlite_version}."),
        ok("geos", f"GEOS {versions[1]}."),
        ok("proj", f"PROJ {versions[2]}."),
    ]


def judge_gdal(version: str | None) -> Finding:
    """`version` is GDAL's release name, None when its library is not found."""
    if version is None:
        return error(
            "gdal", "The GDAL library is not on this machine.", f"{INSTALL} libgdal32   (or gdal-bin)"
        )
    return ok("gdal", f"GDAL {version}.")


def judge_packages(missing: Sequence[str]) -> Finding:
    """`missing`: import names of the application's packages that this interpreter does not find."""
    if missing:
        return error(
            "packages", f"Python packages are missing: {', '.join(missing)}.", f"rm -rf .venv && {SETUP}"
        )
    return ok("packages", "The Python packages are installed.")


def judge_disk(free: int, folder: Path) -> Finding:
    """`free` bytes on the disk that holds `folder`."""
    amount = f"{free / 1024**3:.1f} GiB free on the disk of {folder}"
    if free < TOO_LITTLE_SPACE:
        return error("disk", f"Only {amount}: writes are about to fail.", f"du -xh {folder} | sort -h | tail")
    if free < LITTLE_SPACE:
        return warning("disk", f"Only {amount}.", f"du -xh {folder} | sort -h | tail")
    return ok("disk", f"{amount}.")


def judge_clock(now: dt.datetime, newest_source: dt.datetime) -> Finding:
    """A clock more than a day behind the newest file of this program is wrong. Both in UTC.

    Lights, plans and log-ins are judged by it.
    """
    shown = f"{now:%Y-%m-%d %H:%M} UTC"
    if now < newest_source - dt.timedelta(days=1):
        return error(
            "clock",
            f"The clock says {shown}, but this program has a file of {newest_source:%Y-%m-%d}.",
            "timedatectl set-ntp true",
        )
    return ok("clock", f"The clock says {shown}.")


def judge_private_file(mode: int | None, path: Path) -> Finding:
    """`mode`: permission bits of the file with secrets, None when there is no such file."""
    if mode is None:
        return ok("env-file", f"There is no {path}: settings come from the environment.")
    if stat.S_IMODE(mode) & 0o077:
        return error(
            "env-file", f"Others than its owner can read {path}, which holds secrets.", f"chmod 600 {path}"
        )
    return ok("env-file", f"Only its owner can read {path}.")


# -------------------------------------------------------------------------- settings and the database


def judge_debug(debug: bool) -> Finding:
    """DEBUG shows settings and source code to whoever meets an error."""
    if debug:
        return warning(
            "debug", "DEBUG is on: error pages show settings and source code.", "set DEBUG=0 in var/env"
        )
    return ok("debug", "DEBUG is off.")


def judge_secret_key(length: int) -> Finding:
    """`length` in characters."""
    if length < 50:
        return error(
            "secret-key",
            f"SECRET_KEY has {length} characters; 50 are needed.",
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'   (as SECRET_KEY in var/env)",
        )
    return ok("secret-key", f"SECRET_KEY is set ({length} characters).")


def judge_static(manifest: Path) -> Finding:
    """`manifest`: the list that collectstatic writes."""
    if not manifest.is_file():
        return error(
            "static",
            "Static files are not collected: pages fail.",
            "python manage.py collectstatic --noinput",
        )
    return ok("static", f"Static files are collected in {manifest.parent}.")


def judge_database(label: str, problem: str, unapplied: int) -> Finding:
    """`label`: the database's kind and name without its password; `unapplied`: number of migrations."""
    if problem:
        return error(
            "database",
            f"The database cannot be reached ({label}): {problem}.",
            "correct DATABASE_URL in var/env",
        )
    if unapplied:
        return error("database", f"{label} lacks {unapplied} migrations.", "python manage.py migrate")
    return ok("database", f"{label} answers and is migrated.")


def judge_boundaries(unreviewed: int, demo: bool) -> Finding:
    """`unreviewed`: borders in force without a map review number (审图号)."""
    if unreviewed and not demo:
        return warning(
            "boundaries",
            f"{unreviewed} borders have no map review number (审图号): no public page shows them.",
            "python manage.py load_divisions FILE --city CODE   (or enter the number in the admin, 边界)",
        )
    if unreviewed:
        return ok("boundaries", f"{unreviewed} borders without 审图号 are shown as 示意 (demo mode).")
    return ok("boundaries", "Every border in force has a map review number, or there are none.")


def judge_demo_accounts(active: int, hosts: Iterable[str]) -> Finding:
    """`active`: demo accounts that can log in; `hosts`: ALLOWED_HOSTS."""
    outside = sorted(set(hosts) - LOOPBACK_HOSTS)
    if active and outside:
        return error(
            "demo-accounts",
            f"{active} demo accounts can log in while ALLOWED_HOSTS admits {', '.join(outside)}.",
            "python manage.py demo_accounts --disable",
        )
    if active:
        return ok("demo-accounts", f"{active} demo accounts can log in, from this machine only.")
    return ok("demo-accounts", "No demo account can log in.")


def judge_https(https: bool, hosts: Iterable[str]) -> Finding:
    """Cookies of staff must not travel in clear text."""
    if not https and set(hosts) - LOOPBACK_HOSTS:
        return warning(
            "https",
            "HTTPS is off although other machines are admitted: log-ins travel in clear text.",
            "put TLS in front and set HTTPS=1 in var/env",
        )
    return ok("https", "HTTPS is on." if https else "Only this machine is admitted, HTTPS is not needed.")


def judge_basemap(kind: str, key: str, url: str, review_number: str) -> Finding:
    """`kind` as in the setting BASEMAP; the others as in TIANDITU_KEY, BASEMAP_URL, BASEMAP_REVIEW_NUMBER."""
    if kind == "tianditu" and not key:
        return error(
            "basemap", "BASEMAP=tianditu needs a key.", "set TIANDITU_KEY in var/env, or BASEMAP=none"
        )
    if kind == "xyz" and not url:
        return error(
            "basemap", "BASEMAP=xyz needs an address.", "set BASEMAP_URL in var/env, or BASEMAP=none"
        )
    if kind == "xyz" and not review_number:
        return warning(
            "basemap",
            "The basemap has no map review number (审图号), which a public map in China must show.",
            "set BASEMAP_REVIEW_NUMBER in var/env",
        )
    return ok("basemap", f"Basemap: {kind}.")


def judge_audit_key(mode: int | None, key: Path, checkpoints: int) -> Finding:
    """`mode`: permission bits of the key that signs checkpoints, None when it is not there; `checkpoints`:
    how many the database knows."""
    if mode is None and checkpoints:
        # Kept where this account cannot see it, which is better.
        return ok("audit-key", f"The key of {checkpoints} checkpoints is not on this account.")
    if mode is None:
        mend = "python manage.py audit_key --create   (then a timer for manage.py checkpoint)"
        return warning("audit-key", "No key signs the audit chain: nobody would notice a rewrite.", mend)
    if stat.S_IMODE(mode) & 0o077:
        return error("audit-key", f"Others than its owner can read {key}.", f"chmod 600 {key}")
    if not checkpoints:
        return warning("audit-key", "No checkpoint was ever signed.", "python manage.py checkpoint")
    return ok("audit-key", f"Only its owner can read {key}; {checkpoints} checkpoints are signed.")


def judge_guards(missing: Sequence[str]) -> Finding:
    """`missing`: names of guards and triggers that the database does not have."""
    if missing:
        names = ", ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
        return error(
            "guards",
            f"The database lacks {len(missing)} guards ({names}): records can be changed by SQL.",
            "python manage.py migrate",
        )
    return ok("guards", "The database refuses changes to records.")


# ------------------------------------------------------------------------------------------ looking


def spatialite_versions() -> tuple[tuple[str, str, str] | None, str]:
    """((SpatiaLite, GEOS, PROJ), '') or (None, why it cannot be loaded)."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.enable_load_extension(True)
        connection.load_extension("mod_spatialite")
        row = connection.execute("SELECT spatialite_version(), geos_version(), proj_version()").fetchone()
    except AttributeError:
        return None, "this Python was built without enable_load_extension"
    except sqlite3.Error as problem:
        return None, str(problem)
    finally:
        connection.close()
    return (str(row[0]), str(row[1]), str(row[2])), ""


def gdal_version() -> str | None:
    """GDAL's release name, None when the library is not found."""
    name = ctypes.util.find_library("gdal")
    if name is None:
        return None
    try:
        function = ctypes.CDLL(name).GDALVersionInfo
    except (OSError, AttributeError):
        return None
    function.restype = ctypes.c_char_p
    function.argtypes = [ctypes.c_char_p]
    return str(function(b"RELEASE_NAME").decode())


def missing_packages() -> list[str]:
    """Import names of the application's main packages that are not installed."""
    names = (
        "django",
        "rest_framework",
        "folium",
        "numpy",
        "shapely",
        "pyproj",
        "granian",
        "whitenoise",
        "csp",
    )
    return [name for name in names if importlib.util.find_spec(name) is None]


def newest_source() -> dt.datetime:
    """When the newest Python file beside this one was written, UTC."""
    seconds = max(path.stat().st_mtime for path in Path(__file__).parent.glob("*.py"))
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def file_mode(path: Path) -> int | None:
    """The file's mode bits, None when it is not there or in a folder that is closed to this account."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, PermissionError):
        return None


def machine_findings(var_dir: Path, env_file: Path, now: dt.datetime) -> list[Finding]:
    """Everything that can be said without Django."""
    folder = var_dir if var_dir.is_dir() else ROOT
    return [
        judge_python(sys.version_info[:3], sys.executable),
        judge_packages(missing_packages()),
        *judge_spatialite(*spatialite_versions()),
        judge_gdal(gdal_version()),
        judge_disk(shutil.disk_usage(folder).free, folder),
        judge_clock(now, newest_source()),
        judge_private_file(file_mode(env_file), env_file),
    ]


# ---------------------------------------------------------------------------------------- reporting

MARKS = {Level.OK: "ok     ", Level.WARNING: "WARNING", Level.ERROR: "ERROR  "}


def as_text(findings: Sequence[Finding]) -> str:
    """One line a finding, with what mends it under it, and a closing sentence."""
    lines = []
    for finding in findings:
        lines.append(f"{MARKS[finding.level]}  {finding.check:<14} {finding.sentence}")
        if finding.mend:
            lines.append(f"{'':>24} -> {finding.mend}")
    wrong = sum(finding.level is not Level.OK for finding in findings)
    lines.append(
        f"{len(findings)} checks, {wrong} to mend." if wrong else f"{len(findings)} checks, nothing to mend."
    )
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """`{"status": worst level, "findings": [{check, level, sentence, mend}]}`"""
    order = list(Level)
    worst = max((finding.level for finding in findings), key=order.index, default=Level.OK)
    return json.dumps(
        {"status": worst, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False, indent=2
    )


def exit_status(findings: Sequence[Finding]) -> int:
    """0 when all is well, 1 when there is something to mend."""
    return int(any(finding.level is not Level.OK for finding in findings))


def run_bare(arguments: Sequence[str], problem: BaseException) -> int:
    """`manage.py doctor` where `problem` kept Django from starting. Returns 2: the rest was not seen."""
    parser = argparse.ArgumentParser(prog="manage.py doctor")
    parser.add_argument("--json", action="store_true")
    wanted, _ = parser.parse_known_args(list(arguments))
    findings = machine_findings(ROOT / "var", ROOT / "var" / "env", dt.datetime.now(dt.UTC))
    first_line = (str(problem).strip() or type(problem).__name__).splitlines()[0]
    findings.append(
        error("django", f"The application cannot start: {first_line}", "mend what is above, then ask again")
    )
    print(as_json(findings) if wanted.json else as_text(findings))
    return 2
