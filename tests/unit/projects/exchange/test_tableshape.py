"""Clerks' tables: where the header is, which rows are none of the data, and that no row of data is lost."""

from pathlib import Path

import pytest

from projects.exchange.problems import OptionError, UnreadableFile
from projects.exchange.readers import read_table
from projects.exchange.tables import Table
from projects.exchange.tableshape import spans
from tests.unit.projects.exchange.strangefiles import workbook

TITLE = "宁波市2024年充电设施清单"


def csv(folder: Path, *lines: str) -> Path:
    path = folder / "a.csv"
    path.write_text("\r\n".join(lines), encoding="gb18030")
    return path


def shape(table: Table) -> tuple[tuple[str, ...], list[int]]:
    return table.headers, [row.number for row in table.rows]


PLAIN = ("序号", "名称", "经度", "纬度")

#: Lines of a file, its names, the rows of its data, what is said.
CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...], list[int], str]] = {
    "nothing special": (("名称,经度", "甲,1", "乙,2"), ("名称", "经度"), [2, 3], ""),
    "one column": (("名称", "甲", "一、乙"), ("名称",), [2, 3], ""),
    "a title": ((TITLE, *(",".join(PLAIN), "1,甲,121,29")), PLAIN, [3], "第 1 行是标题,第 2 行是表头。"),
    "a title with its commas": (
        (f"{TITLE},,,", ",".join(PLAIN), "1,甲,121,29"),
        PLAIN,
        [3],
        "第 1 行是标题,第 2 行是表头。",
    ),
    "a title over two columns": ((f"{TITLE},", "名称,坐标", "甲,x"), ("名称", "坐标"), [3], "第 1 行是标题"),
    "unit and day below the title": (
        (TITLE, "单位:个,,,制表日期:2024年6月30日", ",".join(PLAIN), "1,甲,121,29"),
        PLAIN,
        [4],
        "第 1–2 行是标题,第 3 行是表头。",
    ),
    "the unit beside the title": (
        (f"{TITLE},,单位:个,", ",".join(PLAIN), "1,甲,121,29"),
        PLAIN,
        [3],
        "第 1 行是标题",
    ),
    "names in two rows": (
        ("序号,名称,位置,,备注", ",,经度,纬度,", "1,甲,121,29,"),
        (*PLAIN, "备注"),
        [3],
        "第 1–2 行是表头。",
    ),
    "every name in two rows": (
        ("基本信息,,位置,", "编码,名称,经度,纬度", "A1,甲,121,29"),
        ("编码", "名称", "经度", "纬度"),
        [3],
        "第 1–2 行是表头。",
    ),
    "the same name below two": (
        ("名称,计划,,实际,", ",开工,完工,开工,完工", "甲,2024-1-1,2024-2-1,,"),
        ("名称", "计划 开工", "计划 完工", "实际 开工", "实际 完工"),
        [3],
        "第 1–2 行是表头。",
    ),
    "a column without a name is no second header": (
        ("编码,名称,,地址", "A1,一小,备注,某路"),
        ("编码", "名称", "(第 3 列)", "地址"),
        [2],
        "",
    ),
    "spaces in names": ((" 名称 ,\t经度", "甲,1"), ("名称", "经度"), [2], ""),
    "sections": (
        ("名称,经度,纬度", "一、海曙区,,", "甲,1,2", "(二)鄞州区", "乙,1,2", "象山县,,", "丙,1,2"),
        ("名称", "经度", "纬度"),
        [3, 5, 7],
        "跳过小节行 2、4、6。",
    ),
    "a place without its position is no section": (
        ("名称,经度,纬度", "阳光小区,,", "甲医院,,", "A区3号,,"),
        ("名称", "经度", "纬度"),
        [2, 3, 4],
        "",
    ),
    "totals": (
        ("序号,名称,数量", "1,甲,2", "小计,,2", "2,乙,3", "海曙区合计,,5", "合 计,,5", "总计:5,,"),
        ("序号", "名称", "数量"),
        [2, 4],
        "合计行 3、5–7 不导入。",
    ),
    "notes and signatures": (
        (
            *("序号,名称,数量", "1,甲,2", "注:1.数据截至6月底。", "2.坐标取自高德。"),
            *("填表人:张三,,审核人:李四", "联系电话:0574-1,,"),
        ),
        ("序号", "名称", "数量"),
        [2],
        "说明和签名行 3–6 不导入。",
    ),
    "a second line that looks like a note but follows none": (
        ("名称,数量", "2.坐标,", "甲,1"),
        ("名称", "数量"),
        [2, 3],
        "",
    ),
    "the header again on each page": (
        ("名称,数量", "甲,1", "名称,数量", "乙,2"),
        ("名称", "数量"),
        [2, 4],
        "跳过重复的表头 3 行。",
    ),
    "numbers of the columns": (
        ("甲列,乙列,丙列", "1,2,3", "a,b,c"),
        ("甲列", "乙列", "丙列"),
        [3],
        "跳过栏次行 2。",
    ),
    "numbered rows that nobody filled in": (
        ("序号,名称,数量", "1,甲,2", "2,,", "3,,"),
        ("序号", "名称", "数量"),
        [2],
        "跳过只有序号的行 3–4。",
    ),
    "a header that is a number": (("2023,2024", "1,2"), ("2023", "2024"), [2], ""),
    "blank lines above": (("", ",,", TITLE, ",".join(PLAIN), "1,甲,121,29"), PLAIN, [5], "第 3 行是标题"),
    "a title and tabs": ((TITLE, "\t".join(PLAIN), "1\t甲\t121\t29"), PLAIN, [3], "第 1 行是标题"),
    "nothing but a title and data": ((TITLE, "甲,121,29"), (TITLE,), [], ""),
}


@pytest.mark.parametrize("name", CASES)
def test_a_table_in_csv(tmp_path: Path, name: str) -> None:
    lines, headers, rows, said = CASES[name]
    table = read_table(csv(tmp_path, *lines))
    assert shape(table) == (headers, rows)
    notes = " ".join(table.notes[2:])
    assert said in notes and bool(notes) is bool(said or "" in lines)


@pytest.mark.parametrize(
    "name", [name for name in CASES if name not in ("nothing but a title and data", "blank lines above")]
)
def test_the_same_table_in_a_workbook(tmp_path: Path, name: str) -> None:
    lines, headers, rows, said = CASES[name]
    mark = "\t" if any("\t" in line and "," not in line for line in lines) else ","
    cells = [[cell or None for cell in line.split(mark)] for line in lines]
    table = read_table(workbook(tmp_path / "a.xlsx", cells))
    assert shape(table) == (headers, rows)
    assert said in " ".join(table.notes)


def test_merged_cells_say_what_stands_over_what(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [TITLE],
        ["序号", "点位", None, None, "备注"],
        [None, "名称", "位置", None, None],
        [None, None, "经度", "纬度", None],
        ["城区"],
        [1, "甲", 121.5, 29.8, "x"],
        ["只有名称"],
    ]
    merged = ["A1:E1", "A2:A4", "B2:D2", "E2:E4", "B3:B4", "C3:D3", "A5:E5"]
    table = read_table(workbook(tmp_path / "a.xlsx", rows, merged=merged))
    assert shape(table) == (("序号", "名称", "经度", "纬度", "备注"), [6, 7])
    assert table.notes[:2] == ("第 1 行是标题,第 2–4 行是表头。", "跳过小节行 5。")


@pytest.mark.parametrize(("row", "headers"), [(2, ("代码", "称呼")), (3, ("A", "甲"))])
def test_a_person_says_where_the_header_is(tmp_path: Path, row: int, headers: tuple[str, ...]) -> None:
    path = csv(tmp_path, "机器用的行,x", "代码,称呼", "A,甲", "B,乙")
    assert read_table(path, header_row=row).headers == headers
    assert read_table(path, header_row=row).facts.header_row == row


def test_the_lower_one_of_two_rows_may_be_named(tmp_path: Path) -> None:
    path = csv(tmp_path, "序号,名称,位置,,备注", ",,经度,纬度,", "1,甲,121,29,")
    assert read_table(path, header_row=2).headers == read_table(path).headers


@pytest.mark.parametrize(
    ("row", "message"),
    [(3, "是空的或不存在"), (99, "是空的或不存在"), (0, "1 到 1000 之间"), (10**6, "1 到 1000")],
)
def test_a_header_that_is_not_there(tmp_path: Path, row: int, message: str) -> None:
    with pytest.raises((UnreadableFile, OptionError), match=message):
        read_table(csv(tmp_path, "名称,数量", "甲,1", ",", "乙,2"), header_row=row)


def test_rows_as_a_person_writes_them() -> None:
    assert spans([3, 5, 6, 7, 40]) == "3、5–7、40"
    assert spans(range(1, 100, 2)).endswith("等 50 行")
