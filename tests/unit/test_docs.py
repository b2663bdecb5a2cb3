"""What the documents name is there: commands with their options, settings, paths, links."""

import argparse
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import DjangoHelpFormatter
from django.urls import Resolver404, resolve
from django.utils import translation

from tests.browser.screenshots import SHOTS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OWN_COMMANDS = sorted(path.stem for path in (ROOT / "projects/management/commands").glob("[a-z]*.py"))
#: Where a path in a document may begin: architecture.md speaks of projects/, components.md of templates/.
PATH_ROOTS = (ROOT, ROOT / "projects", ROOT / "templates", ROOT / "projects/templatetags", ROOT / "static/js")
#: Made by script/screenshots.
IMAGES = {f"docs/images/{name}.png" for name, *_rest in SHOTS}
#: Read besides config/settings.py: by config/env.py.
READ_ELSEWHERE = {"ENV_FILE"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def outside_fences(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)


def fences(document: Path, language: str) -> Iterator[str]:
    """The bodies of a document's code blocks of one language."""
    pattern = rf"^( *)```{language}\n(.*?)^\1```"
    for match in re.finditer(pattern, document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL):
        yield match[2]


def bash_lines() -> list[tuple[str, str]]:
    """(document, command) for each command of each bash block; continued lines and quoted ones joined."""
    found = []
    for document in DOCUMENTS:
        for body in fences(document, "bash"):
            pending = ""
            for line in body.splitlines():
                pending = f"{pending}\n{line}" if pending else line.strip()
                if pending.endswith("\\"):
                    pending = pending[:-1]
                elif pending and is_complete(pending):
                    found.append((name_of(document), pending))
                    pending = ""
            assert not pending, f"{name_of(document)}: {pending}"
    return found


def is_complete(text: str) -> bool:
    try:
        shlex.split(text)
    except ValueError:
        return False
    return True


def slug(heading: str) -> str:
    """GitHub's anchor of a heading."""
    text = re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading).strip().lower()
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text))


@cache
def anchors(path: Path) -> frozenset[str]:
    return frozenset(
        slug(title)
        for title in re.findall(r"^#+ (.+)$", outside_fences(path.read_text("utf-8")), re.MULTILINE)
    )


@cache
def parser_of(command: str) -> argparse.ArgumentParser:
    """The command's own parser; it raises instead of ending the process."""
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    assert parser.formatter_class is DjangoHelpFormatter
    parser.called_from_command_line = False
    return parser


# ------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", outside_fences(document.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _sign, anchor = target.partition("#")
        path = (document.parent / file).resolve() if file else document
        if name_of(path) in IMAGES:
            continue
        assert path.exists(), f"{name_of(document)} links to {target}"
        if anchor:
            assert anchor in anchors(path), f"{name_of(document)} links to {target}: no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_paths_are_there(document: Path) -> None:
    """Every `folder/file.ext` in backticks. A path with an upper-case stem (NAME.py) stands for any."""
    for path in re.findall(
        r"`([\w.-]+(?:/[\w.-]+)+\.(?:py|json|js|html|css|md|po|svg|toml))`", document.read_text("utf-8")
    ):
        if Path(path).stem.isupper():
            continue
        assert any((root / path).exists() for root in PATH_ROOTS), f"{name_of(document)} names {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_names_no_machine(document: Path) -> None:
    """Documents speak of no folder of the machine they were written on."""
    text = document.read_text("utf-8")
    assert not re.search(r"/(?:tmp|work|root|home)/", text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_addresses_are_routed(document: Path) -> None:
    """Every address of the local server in a document belongs to a view."""
    for address in re.findall(r"http://127\.0\.0\.1:8000(/[^?#'>\s)]*)", document.read_text("utf-8")):
        with translation.override("en" if address.startswith("/en/") else "zh-hans"):
            try:
                resolve(address)
            except Resolver404:
                pytest.fail(f"{name_of(document)} names {address}")


def test_decisions_are_numbered_and_listed() -> None:
    pages = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    for name in pages:
        text = (ROOT / "docs/decisions" / name).read_text("utf-8")
        assert f"({name})" in index, f"{name} is not in the index"
        assert text.startswith(f"# {name[:4]} ")
        for part in ("**Context.**", "**Decision.**", "**Consequences.**"):
            assert part in text, f"{name} lacks {part}"


# ---------------------------------------------------------------------------------------- commands


def test_every_command_has_a_section() -> None:
    text = (ROOT / "docs/operator/commands.md").read_text("utf-8")
    assert OWN_COMMANDS
    assert set(OWN_COMMANDS) <= set(re.findall(r"^## (\w+)$", text, re.MULTILINE))


@pytest.mark.parametrize("command", OWN_COMMANDS)
def test_every_option_is_documented_and_exists(command: str) -> None:
    """Both ways, in the command's own section of commands.md."""
    text = (ROOT / "docs/operator/commands.md").read_text("utf-8")
    section = re.split(rf"^## {command}$", text, flags=re.MULTILINE)[1].split("\n## ")[0]
    own = {
        option
        for action in parser_of(command)._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    common = {
        option for action in parser_of("migrate")._actions for option in action.option_strings
    } & {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color",
         "--force-color", "--skip-checks"}  # fmt: skip
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section))
    assert own - common <= named, "not documented"
    others = {
        option
        for other in OWN_COMMANDS
        for action in parser_of(other)._actions
        for option in action.option_strings
    }
    assert named <= own | (others if command != "doctor" else set()), "no such option"


@pytest.mark.parametrize(("document", "line"), bash_lines())
def test_bash_commands_are_understood(document: str, line: str) -> None:
    """Each line begins with a known program; options of manage.py and script/* exist."""
    words = shlex.split(line)
    while re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    program = words.pop(0)
    if program.startswith(("script/", ".ci/")):
        text = (ROOT / program).read_text("utf-8")
        for word in words:
            if word.startswith("--"):
                assert word in text, f"{document}: {program} knows no {word}"
    elif program == ".venv/bin/python":
        if words[0] == "-m":
            assert words[1] in ("pytest", "tests.benchmarks.importing")
            return
        assert words.pop(0) == "manage.py"
        command = words.pop(0)
        assert command in get_commands(), f"{document}: manage.py {command}"
        # SystemExit and CommandError (a word that is not understood) fail the test.
        parser_of(command).parse_args(words)
    else:
        assert program in {
            "createdb",
            "createuser",
            "curl",
            "git",
            "pg_dump",
            "pg_restore",
            "psql",
            "sqlite3",
        }, f"{document}: {line}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_named_commands_exist(document: Path) -> None:
    text = document.read_text("utf-8")
    for command in set(re.findall(r"manage\.py ([a-z_]{3,})\b", text)):
        assert command in get_commands(), f"manage.py {command}"
    for script in set(re.findall(r"(?<![\w/.])script/((?:lib/)?[a-z_]+(?:\.py|\.sh)?)(?![\w/])", text)):
        assert (ROOT / "script" / script).exists(), f"script/{script}"


# ---------------------------------------------------------------------------------------- settings


def test_settings_are_documented_both_ways() -> None:
    source = (ROOT / "config/settings.py").read_text("utf-8")
    read = set(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', source)) | READ_ELSEWHERE
    text = (ROOT / "docs/operator/settings.md").read_text("utf-8")
    described = re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE)
    assert len(described) == len(set(described))
    assert set(described) == read


def test_settings_in_examples_exist() -> None:
    """`NAME=value` lines of the operator's documents."""
    settings = (ROOT / "docs/operator/settings.md").read_text("utf-8")
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", settings, re.MULTILINE)) | {"NAME"}
    for document in (ROOT / "docs/operator").glob("*.md"):
        for body in fences(document, ""):
            names = set(re.findall(r"^([A-Z_]+)=", body, re.MULTILINE))
            assert names <= described, f"{document.name}: {names - described}"
