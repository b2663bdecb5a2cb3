"""The repository's own files agree with each other."""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from script.lib import vendor

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "script").iterdir() if path.is_file())
SOURCE_FOLDERS = ("config", "projects", "maps", "script", "tests")
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINES_OF_ONE_ROOM = 400


def locked_versions(name: str) -> dict[str, str]:
    """Package -> version of a Python lock file."""
    text = (ROOT / name).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", text, flags=re.MULTILINE))


def sources() -> Iterator[Path]:
    for folder in SOURCE_FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*.py") if path.parent.name != "migrations")


def test_vendored_files_are_untouched() -> None:
    assert vendor.problems(ROOT) == []


def test_notice_names_every_vendored_package() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    for entry in json.loads((ROOT / vendor.MANIFEST).read_text("utf-8")):
        for package in entry["package"].split(" + "):
            assert package in notice, f"NOTICE does not name {package} ({entry['licence']})"


@pytest.mark.parametrize("path", [*SCRIPTS, ROOT / ".ci/run"], ids=lambda path: path.name)
def test_script_can_be_run(path: Path) -> None:
    assert os.access(path, os.X_OK), f"chmod +x {path.relative_to(ROOT)}"
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("#!/usr/bin/env "), "the interpreter is found by its name"
    if first.endswith("bash"):
        subprocess.run(["bash", "-n", path], check=True)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_python_lock_holds_versions_and_hashes_only(name: str) -> None:
    for line in (ROOT / name).read_text("utf-8").splitlines():
        assert re.fullmatch(
            r"|#.*|[a-z0-9][a-z0-9._-]*==\S+( ; .+)? \\| {4}--hash=sha256:[0-9a-f]{64}( \\)?", line
        ), line
        assert "://" not in line


def test_what_serves_is_what_was_tested() -> None:
    served, tested = locked_versions("requirements.txt"), locked_versions("requirements-dev.txt")
    assert served
    assert served.items() <= tested.items()


def test_node_lock_holds_versions_and_hashes_only() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))["devDependencies"]
    assert packages[""]["devDependencies"] == wanted
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


def test_every_dependency_is_locked_and_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"]
    for group, lock in (
        (project["dependencies"] + extras["demo"], "requirements.txt"),
        (extras["dev"], "requirements-dev.txt"),
    ):
        locked = locked_versions(lock)
        for requirement in group:
            name = re.match(r"[\w.-]+", requirement)
            assert name and name[0].lower() in locked, f"{requirement}: run script/lock"
    lines = text.splitlines()
    for requirement in [*project["dependencies"], *extras["scale"], *extras["dev"]]:
        line = next(line for line in lines if f'"{requirement}"' in line)
        assert " # " in line, f"pyproject.toml does not say what {requirement} is for"


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_is_one_room(path: Path) -> None:
    length = len(path.read_text("utf-8").splitlines())
    assert length <= LINES_OF_ONE_ROOM, f"{length} lines: a file above {LINES_OF_ONE_ROOM} wants to be two"
