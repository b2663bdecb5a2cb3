"""The report of an import: every problem, and no cell that a spreadsheet would run."""

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from projects.exchange.findings import check_report_path, write_report
from projects.exchange.problems import OptionError, Problem, Severity

PROBLEMS = [
    Problem("坐标不在地球上。", 4, "=cmd|' /C calc'!A0", "lon", "+1", "-1"),
    Problem("说一声。", None, "@甲", found="\tx", severity=Severity.WARNING),
    Problem("控制字符", 5, "a\x07b"),
]


def cells(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [list(row) for row in csv.reader(file)]
    sheet = load_workbook(path).active
    assert sheet is not None
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    return [
        ["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True)
    ]


@pytest.mark.parametrize("name", ["report.csv", "report.xlsx"])
def test_a_report_has_a_line_a_problem_and_no_formula(tmp_path: Path, name: str) -> None:
    write_report(tmp_path / name, PROBLEMS)
    rows = cells(tmp_path / name)
    assert rows[0] == ["行", "级别", "点位", "列", "实际", "应为", "说明"]
    assert rows[1] == ["4", "错误", "'=cmd|' /C calc'!A0", "lon", "'+1", "'-1", "坐标不在地球上。"]
    assert rows[2][:3] == ["", "提示", "'@甲"] and rows[2][4] == "'\tx"
    assert len(rows) == 4


@pytest.mark.parametrize("name", ["report.pdf", "report", "nowhere/report.csv"])
def test_a_report_that_cannot_be_written_is_refused_first(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="--report"):
        check_report_path(tmp_path / name)
