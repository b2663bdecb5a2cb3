"""The limited process: what it cannot do, and that every way in which it can fail is one sentence."""

import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from projects.exchange.confined import run
from projects.exchange.confined.limits import Limits
from projects.exchange.confined.run import Failed, private_copy
from projects.exchange.confinement import SENTENCES, sentence
from projects.exchange.problems import UnreadableFile
from projects.exchange.readers import read_table
from tests.unit.projects.exchange.strangefiles import workbook

Play = Callable[[str], None]
HEAD = {
    "format": "xlsx",
    "sheets": [["表", 3, False]],
    "sheet": 0,
    "merges": [],
    "merges_left_out": 0,
    "hidden_rows": 0,
    "uncalculated": 0,
    "has_macros": False,
}


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Another program in the child's place."""

    def put(program: str) -> None:
        whole = "import os, signal, sys, time\n" + textwrap.dedent(program)
        monkeypatch.setattr(run, "command", lambda request: [sys.executable, "-I", "-c", whole])

    return put


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return workbook(tmp_path / "a.xlsx", [("名称", "数量"), ("甲", 1)])


def lines(*values: object) -> str:
    return f"sys.stdout.write({''.join(json.dumps(value) + chr(10) for value in values)!r})"


END = {"end": 2}


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "内存太多"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", "时间太长"),
        ("os.abort()", "出了意外.*另存一次"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "出了意外"),
        ("sys.exit('memory allocation of 5 bytes failed')", "内存太多"),
        ("sys.exit(3)", "出了意外"),
        ("pass", "不完整"),
        ("print('<html>')", "不完整"),
        (lines(HEAD, [1, ["名称"]], [2, ["甲"]]), "不完整"),  # it never came to an end
        (lines(HEAD, [1, ["名称"]], {"end": 2}), "不完整"),
        (lines(HEAD, [1, ["名称"]], [2, ["甲"]], END, [3, ["乙"]]), "不完整"),
        (lines([1, ["名称"]], HEAD, END), "不完整"),
        (lines(HEAD, [2, ["名称"]], [1, ["甲"]], END), "不完整"),
        (lines(HEAD, [1, ["名称"]], [2, ["甲", 5]], END), "不完整"),
        (lines(HEAD, [1, ["名称"]], [2, "甲"], END), "不完整"),
        (lines(HEAD, [1, ["名称"]], [2, [["甲"]]], END), "不完整"),
        (lines(HEAD, [1, ["名称"]], [True, ["甲"]], END), "不完整"),
        (lines(HEAD, [1, ["名称"]], [2, ["x"] * 501], END), "不完整"),
        (lines(HEAD | {"sheet": 7}, END), "不完整"),
        (lines(HEAD | {"format": "exe"}, END), "不完整"),
        (lines(HEAD | {"merges": [1, 2, 3]}, END), "不完整"),
        (lines(HEAD | {"sheets": [["x" * 600, 1, False]]}, END), "不完整"),
        (lines({"refused": "nonsense"}), "不完整"),
        (lines({"refused": ["password"]}), "不完整"),
        (lines({"refused": "no_sheet", "wanted": {"a": 1}}), "不完整"),
        (lines({"refused": "no_sheet"}), "不完整"),
        (lines({"refused": "password"}), "取消密码"),
    ],
)
def test_every_failure_is_one_sentence(book: Path, play: Play, program: str, message: str) -> None:
    play(program)
    with pytest.raises(UnreadableFile, match=message):
        read_table(book)


def test_a_liar_gives_wrong_rows_at_worst(book: Path, play: Play) -> None:
    play(lines(HEAD, [1, ["名称"]], [5, ["'=cmd|x"]], END))
    assert [dict(row.cells) for row in read_table(book).rows] == [{"名称": "=cmd|x"}]


def answers(book: Path, limits: Limits, **request: Any) -> list[Any]:
    with private_copy(book, "source.bin", 200) as copy:
        return list(
            run.answers(copy, {"reader": "workbooks", "sheet": None, "is_look": False, **request}, limits)
        )


def test_time_is_up(book: Path, play: Play) -> None:
    play("time.sleep(60)")
    with pytest.raises(Failed) as failure:
        answers(book, Limits(seconds=0.2))
    assert failure.value.code == "time"


@pytest.mark.parametrize(
    ("program", "limits", "code"),
    [
        ("while True: sys.stdout.write('x' * 100000 + chr(10))", Limits(stream_mb=1), "garbage"),
        ("while True: sys.stdout.write('{}' + chr(10))", Limits(stream_mb=1), "garbage"),
        ("while True: sys.stdout.write('x' * 100000)", Limits(line_mb=1), "garbage"),
        (
            "print('{}', flush=True)\nwhile True: sys.stdout.write('[' + ' ' * 99999 + ']' + chr(10))",
            Limits(stream_mb=1),
            "too_much",
        ),
    ],
)
def test_no_more_comes_back_than_is_borne(
    book: Path, play: Play, program: str, limits: Limits, code: str
) -> None:
    play(program)
    with pytest.raises(Failed) as failure:
        answers(book, limits)
    assert failure.value.code == code


def test_nothing_is_left_behind(book: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    table = read_table(book)
    assert table.row_count == 1 and not list(folder.iterdir())


INSIDE = """
import json, os, resource, socket, subprocess, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from projects.exchange.confined import jail
from projects.exchange.confined.limits import Limits
allowed = Path({allowed!r})
jail.bound(Limits(), may_write_mb=0)
fences = jail.shut([*jail.library_folders(), allowed.parent], [])
def can(what):
    try:
        what()
        return True
    except (OSError, PermissionError):
        return False
print(json.dumps({{
    "fences": fences,
    "limits": {{
        name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0]
        for name in ("AS", "CPU", "CORE", "FSIZE", "NOFILE", "NPROC")
    }},
    "environment": sorted(os.environ),
    "django": "django" in sys.modules,
    "read": can(allowed.read_bytes),
    "other": can(lambda: Path({other!r}).read_bytes()),
    "list": can(lambda: os.listdir({root!r})),
    "write": can(lambda: allowed.write_bytes(b"x")),
    "socket": can(socket.socket),
    "program": can(lambda: subprocess.run(["/bin/true"])),
    "signal": can(lambda: os.kill(os.getppid(), 0)),
    "fork": can(os.fork),
}}))
"""


def test_the_process_can_read_its_file_and_do_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgis://secret")
    monkeypatch.setenv("SECRET_KEY", "secret")
    allowed, other = tmp_path / "in" / "a", tmp_path / "out" / "b"
    for path in (allowed, other):
        path.parent.mkdir()
        path.write_text("x")
    program = INSIDE.format(root=str(Path.cwd()), allowed=str(allowed), other=str(other))
    monkeypatch.setattr(run, "command", lambda request: [sys.executable, "-I", "-c", program])
    with run._started(allowed.parent, {}) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.read())
    assert not said["django"] and said["read"]
    assert said["limits"] == {
        "AS": 3072 * 1024**2,
        "CPU": 150,
        "CORE": 0,
        "FSIZE": 0,
        "NOFILE": 64,
        "NPROC": 0,
    }
    assert not {"DATABASE_URL", "SECRET_KEY"} & set(said["environment"])
    # Where the kernel has the fences, nothing of this works.
    if "landlock" in said["fences"]:
        assert not (said["other"] or said["list"] or said["write"])
    if "seccomp" in said["fences"]:
        assert not (said["socket"] or said["program"] or said["signal"] or said["fork"])


def test_every_sentence_takes_the_particulars_that_the_child_gives() -> None:
    words = {
        "count": 1,
        "limit": 2,
        "size": 3,
        "ratio": 4,
        "row": 5,
        "name": "x",
        "wanted": "y",
        "names": ["甲", "乙"],
        "missing": [".shx"],
    }
    for code in SENTENCES:
        said = sentence(Failed(code, dict(words)))
        assert "%(" not in said and (said == SENTENCES["garbage"]) is (code == "garbage")
