"""What the shell scripts say when something stands in the way: one sentence and exit status 2."""

import os
import shutil
import socket
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SETUP = ROOT / "script/lib/setup.sh"


def shell(folder: Path, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `text` in `folder` after sourcing setup.sh."""
    return subprocess.run(
        ["bash", "-c", f'set -euo pipefail; source "{SETUP}"; {text}'],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def command(folder: Path, name: str, text: str) -> None:
    """A stand-in for a program, in `folder`/bin."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n", "utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "0"], "--port takes a number from 1 to 65535, found '0'."),
        (["--port", "70000"], "--port takes a number from 1 to 65535, found '70000'."),
        (["--port=80a"], "--port takes a number from 1 to 65535, found '80a'."),
        (["--port"], "usage: script/server [--port N] [--host H] [--empty]"),
        (["--help-me"], "usage: script/server [--port N] [--host H] [--empty]"),
    ],
)
def test_server_refuses_bad_arguments(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    result = subprocess.run(
        [ROOT / "script/server", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 2
    assert result.stderr.splitlines()[0] == sentence


def test_server_names_an_occupied_port_and_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = subprocess.run(
            [ROOT / "script/server", "--port", str(port)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"Port {port} on 127.0.0.1 is in use: ")
    assert f"--port {port + 1 if port < 65535 else 8001}." in result.stderr


def test_without_root_and_sudo_the_administrators_command_is_named(tmp_path: Path) -> None:
    command(tmp_path, "dpkg-query", "exit 1")
    command(tmp_path, "sudo", "exit 1")
    # EUID cannot be set in bash: the function is asked as if it were another account's.
    result = shell(
        tmp_path,
        'eval "$(declare -f system_packages | sed "s/EUID != 0/1/")"; system_packages run',
        PATH=f"{tmp_path}/bin:{os.environ['PATH']}",
    )
    assert result.returncode == 2
    assert "an administrator must run: apt-get update && apt-get install" in result.stderr
    assert "libsqlite3-mod-spatialite" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_interpreter_that_cannot_load_extensions_is_refused_by_name(tmp_path: Path) -> None:
    command(
        tmp_path,
        "python3",
        '[[ "$2" == "" ]] || { echo "was built without loading of SQLite extensions"; exit 1; }',
    )
    result = shell(
        tmp_path,
        'eval "$(declare -f choose_python | sed "s#/usr/bin/python3 ##; s#python3.1. ##g")"; choose_python',
        PATH=f"{tmp_path}/bin:/bin",
        PYTHON="",
    )
    assert result.returncode == 2
    assert "python3 was built without loading of SQLite extensions" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "mark", "reason"),
    [
        (None, False, "its interpreter does not start"),
        (["--without-pip"], False, "it has no pip"),
        (["--without-pip", "--system-site-packages"], False, "its installation was not finished"),
        (["--without-pip", "--system-site-packages"], True, ""),
    ],
    ids=["interpreter gone", "no pip", "installation interrupted", "whole"],
)
def test_a_half_made_environment_is_found(
    tmp_path: Path, arguments: list[str] | None, mark: bool, reason: str
) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    if arguments is None:
        (tmp_path / ".venv/bin/python").symlink_to("/nonexistent/python")
    else:
        subprocess.run(["/usr/bin/python3", "-m", "venv", *arguments, tmp_path / ".venv"], check=True)
    if arguments and "--system-site-packages" in arguments:  # a stand-in, where the system has no pip
        (site,) = (tmp_path / ".venv/lib").glob("python3.*/site-packages")
        (site / "pip.py").touch()
    if mark:
        (tmp_path / ".venv/.installed-run").write_text(f"0 {tmp_path}\n", "utf-8")
    result = shell(tmp_path, "venv_problem")
    assert result.stdout.strip() == reason


def test_an_installation_is_taken_as_done_only_for_its_lock_and_folder(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / "requirements.txt").write_text("one==1\n", "utf-8")
    ask = "installed run requirements.txt && echo yes || echo no"
    assert shell(tmp_path, ask).stdout.strip() == "no"
    shell(tmp_path, "locked requirements.txt >.venv/.installed-run")
    assert shell(tmp_path, ask).stdout.strip() == "yes"
    moved = tmp_path / "moved here"
    shutil.copytree(tmp_path / ".venv", moved / ".venv")
    shutil.copy(tmp_path / "requirements.txt", moved)
    assert shell(moved, ask).stdout.strip() == "no", "a moved environment's scripts point to the old place"
    (tmp_path / "requirements.txt").write_text("one==2\n", "utf-8")
    assert shell(tmp_path, ask).stdout.strip() == "no"


def test_secrets_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    assert shell(tmp_path, "ensure_env_file 1").returncode == 0
    path = tmp_path / "var/env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    values = dict(
        line.split("=", 1) for line in path.read_text("utf-8").splitlines() if not line.startswith("#")
    )
    assert len(values["SECRET_KEY"]) >= 50
    assert values["DEMO"] == "1"
    before = path.read_text("utf-8")
    shell(tmp_path, "ensure_env_file 0")
    assert path.read_text("utf-8") == before


def test_a_failed_step_shows_its_output_and_stops(tmp_path: Path) -> None:
    result = shell(tmp_path, "step 'some step' bash -c 'echo the reason; exit 7'; echo never")
    assert result.returncode == 2
    assert "the reason" in result.stderr
    assert "some step failed (exit 7)" in result.stderr
    assert "never" not in result.stdout
