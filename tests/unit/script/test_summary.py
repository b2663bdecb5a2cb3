"""The closing table of script/test never makes a failure read like success."""

from pathlib import Path

import pytest

from script.lib import summary

REPORT = """<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="{tests}" failures="{failures}"
errors="{errors}" skipped="{skipped}"/></testsuites>"""


def write(
    folder: Path, name: str, *, tests: int, failures: int = 0, errors: int = 0, skipped: int = 0
) -> None:
    text = REPORT.format(tests=tests, failures=failures, errors=errors, skipped=skipped)
    (folder / f"{name}.xml").write_text(text, "utf-8")


def test_parts_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "unit", tests=10, skipped=1)
    write(tmp_path, "browser", tests=5)
    assert summary.main([str(tmp_path), "unit=0:75:2", "browser=0:500:7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "1:15 of 2:00" in lines[0]
    assert "over budget" not in lines[0]
    assert "8:20 of 7:00" in lines[1]
    assert "over budget" in lines[1]
    assert lines[-1] == "14 passed, 0 failed, 1 skipped"


def test_an_error_in_a_fixture_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "unit", tests=10, failures=2, errors=1)
    assert summary.main([str(tmp_path), "unit=1:3:2"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "7 passed, 3 failed"


@pytest.mark.parametrize(
    ("status", "words"),
    [(5, "NO TESTS RAN"), (2, "FAILED (pytest exit 2)"), (139, "FAILED (pytest exit 139)")],
)
def test_a_part_without_tests_or_report_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int, words: str
) -> None:
    write(tmp_path, "unit", tests=4)
    assert summary.main([str(tmp_path), "unit=0:1:2", f"postgis={status}:9:5"]) == 1
    output = capsys.readouterr().out
    assert words in output
    assert output.splitlines()[-1] == "4 passed, 1 failed"


def test_no_part_at_all_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert summary.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "0 passed, 0 failed\n"
