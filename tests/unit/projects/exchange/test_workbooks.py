"""Workbooks as they come: every cell is read faithfully or said, every strange file is refused in a sentence."""

import base64
import datetime as dt
import zipfile
import zlib
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from projects.exchange.confined.limits import UNCALCULATED
from projects.exchange.problems import UnreadableFile
from projects.exchange.readers import read_table
from projects.exchange.tables import SourceRow, Table
from tests.unit.projects.exchange.strangefiles import SHEET, packed, with_part, workbook

HEADER = ("编码", "值")


def cells_of(table: Table) -> list[list[str]]:
    return [list(row.cells.values()) for row in table.rows]


def error(sheet: Any, cell: str, text: str) -> None:
    sheet[cell] = text
    sheet[cell].data_type = "e"


def test_cells_become_texts_faithfully(tmp_path: Path) -> None:
    long = dt.timedelta(hours=25, minutes=3)
    cases: list[tuple[object, str]] = [
        (5, "5"),
        (5.0, "5"),
        (-3, "-3"),
        (121.549792, "121.549792"),
        (0.15, "0.15"),
        (1e-7, "1e-07"),
        (13800000000, "13800000000"),
        (123456789012345, "123456789012345"),
        (330200010000120000, "3.30200010000120E+17"),  # Excel keeps fifteen digits: the code is lost
        (dt.date(2024, 6, 30), "2024-06-30"),
        (dt.datetime(2024, 6, 30, 14, 5), "2024-06-30 14:05:00"),
        (dt.time(8, 30), "08:30"),
        (long, "25:03"),
        (True, "true"),
        (" 两边有空格 ", " 两边有空格 "),
        ("00123", "00123"),
        ("'=SUM(A1)", "=SUM(A1)"),
        ("第一行\n第二行", "第一行\n第二行"),
        ("=1+1", UNCALCULATED),
    ]

    def change(book: openpyxl.Workbook) -> None:
        book.active["B4"].number_format = "0.00%"
        error(book.active, "C2", "#N/A")
        error(book.active, "C3", "#REF!")

    path = workbook(
        tmp_path / "a.xlsx", [(*HEADER, "错"), *(("A", value) for value, _text in cases)], change=change
    )
    table = read_table(path)
    assert [row[1] for row in cells_of(table)] == [text for _value, text in cases]
    assert [row[2] for row in cells_of(table)][:3] == ["#N/A", "#REF!", ""]
    assert "有 1 个公式没有保存计算结果" in " ".join(table.notes)
    assert [row.number for row in table.rows] == list(range(2, 2 + len(cases)))
    assert cells_of(table) == cells_of(table)  # again


def test_a_formula_that_says_nothing_is_no_formula_without_result(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [HEADER, ("A", "=1"), ("B", "=2")])
    with_part(
        path,
        {
            SHEET: lambda xml: xml.replace(
                b'<c r="B2"><f>1</f><v /></c>', b'<c r="B2" t="str"><f>IF(A1,"","")</f><v></v></c>'
            ).replace(b'<c r="B3"><f>2</f><v /></c>', b'<c r="B3"><f>2</f><v>2</v></c>')
        },
    )
    assert [row[1] for row in cells_of(read_table(path))] == ["", "2"]


def test_days_of_the_calendar_of_1904(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904
        book.active["B2"] = dt.date(2024, 6, 30)

    assert cells_of(read_table(workbook(tmp_path / "a.xlsx", [HEADER, ("A",)], change=change))) == [
        ["A", "2024-06-30"]
    ]


def test_the_table_may_begin_anywhere(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book.active
        for cell, value in {"C5": "编码", "D5": "名称", "C6": "A1", "D6": "甲", "H6": "旁边的备注"}.items():
            sheet[cell] = value

    table = read_table(workbook(tmp_path / "a.xlsx", [], change=change))
    assert table.headers == (
        "(第 1 列)",
        "(第 2 列)",
        "编码",
        "名称",
        "(第 5 列)",
        "(第 6 列)",
        "(第 7 列)",
        "(第 8 列)",
    )
    assert next(iter(table.rows)) == SourceRow(
        6, {**dict.fromkeys(table.headers, ""), "编码": "A1", "名称": "甲", "(第 8 列)": "旁边的备注"}
    )


def sheets(*names: str, hidden: tuple[str, ...] = ()) -> Any:
    def change(book: openpyxl.Workbook) -> None:
        for name in names:
            book.create_sheet(name).append(["编码", name])
        for name in hidden:
            book[name].sheet_state = "hidden"

    return change


def test_the_one_visible_sheet_with_content_is_meant(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [], change=sheets("点位", "草稿", hidden=("草稿",)))
    table = read_table(path)
    assert table.headers == ("编码", "点位")
    assert "读的是工作表“点位”。" in table.notes and "隐藏的工作表:草稿。" in table.notes
    assert read_table(path, sheet="草稿").headers == ("编码", "草稿")
    assert read_table(path, sheet="2").headers == ("编码", "点位")
    with pytest.raises(UnreadableFile, match="工作表“Sheet”是空的"):
        read_table(path, sheet="1")


@pytest.mark.parametrize(
    ("change", "sheet", "message"),
    [
        (sheets("一季度", "二季度"), None, "有几个工作表都有内容:一季度、二季度。请用 --sheet"),
        (sheets("一季度"), "三季度", "没有工作表“三季度”;文件有:Sheet、一季度"),
        (sheets("草稿", hidden=("草稿",)), None, "看得见的工作表都是空的.*草稿"),
        (None, None, "没有一个工作表有内容"),
    ],
)
def test_a_person_is_asked_which_sheet(tmp_path: Path, change: Any, sheet: str | None, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read_table(workbook(tmp_path / "a.xlsx", [], change=change), sheet=sheet)


def test_hidden_rows_and_macros_are_said(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        book.active.row_dimensions[2].hidden = True

    path = workbook(tmp_path / "a.xlsm", [HEADER, ("A", 1), ("B", 2)], change=change)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf")
    notes = " ".join(read_table(path).notes)
    assert "有 1 行是隐藏或筛选掉的,同样导入" in notes and "宏没有运行" in notes


def test_cells_merged_downwards_speak_for_each_row(tmp_path: Path) -> None:
    rows = [("区县", "编码"), ("海曙区", "A"), (None, "B"), (None, "C"), ("鄞州区", "D")]
    table = read_table(workbook(tmp_path / "a.xlsx", rows, merged=["A2:A4"]))
    assert [row[0] for row in cells_of(table)] == ["海曙区", "海曙区", "海曙区", "鄞州区"]
    assert any("纵向合并的单元格" in note and "区县,共 2 格" in note for note in table.notes)


# ------------------------------------------------------------------------------------------------- strange files


def far_away(path: Path) -> Path:
    """One cell at the other end of the sheet: 17 thousand million cells for whoever makes a table of it."""

    def change(book: openpyxl.Workbook) -> None:
        book.active["XFD1048576"] = "x"

    return workbook(path, [HEADER], change=change)


def wide(path: Path) -> Path:
    def change(book: openpyxl.Workbook) -> None:
        book.active.cell(2, 5000, "x")

    return workbook(path, [HEADER], change=change)


def bomb(path: Path) -> Path:
    """A sheet of 34 MB of spaces in a file of 34 KB."""
    workbook(path, [HEADER, ("A", 1)])
    return with_part(
        path, {SHEET: lambda xml: xml.replace(b"<sheetData>", b" " * 34_000_000 + b"<sheetData>")}
    )


def many_entries(path: Path) -> Path:
    return packed(path, {f"xl/{number}": b"" for number in range(6_000)})


def entity(path: Path) -> Path:
    declaration = b'<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]><worksheet'
    workbook(path, [HEADER, ("A", 1)])
    return with_part(path, {SHEET: lambda xml: xml.replace(b"<worksheet", declaration, 1)})


def shared_entity(path: Path) -> Path:
    workbook(path, [HEADER, ("A", 1)])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", '<!DOCTYPE a [<!ENTITY b "cc">]><sst/>')
    return path


def cut_off(path: Path) -> Path:
    workbook(path, [HEADER, *(("A", number) for number in range(500))])
    path.write_bytes(path.read_bytes()[:-400])
    return path


def damaged(path: Path) -> Path:
    workbook(path, [HEADER, ("A", 1)])
    return with_part(path, {SHEET: lambda xml: xml[: len(xml) // 2]})


def encrypted(path: Path) -> Path:
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    )
    return path


def no_cfb(path: Path) -> Path:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    return path


def zip_password(path: Path) -> Path:
    workbook(path, [HEADER])
    data = bytearray(path.read_bytes())
    central = data.find(b"PK\x01\x02")
    data[central + 8] |= 1
    path.write_bytes(data)
    return path


def overlapping(path: Path) -> Path:
    """Two hundred entries that are all the same bytes of the file."""
    packed(path, {"a": bytes(50_000)})
    data = path.read_bytes()
    start, end = data.find(b"PK\x01\x02"), data.find(b"PK\x05\x06")
    one = data[start:end]
    entries = b"".join(one[:46] + b"%c" % (97 + n % 26) + one[47:] for n in range(26))
    size = len(entries).to_bytes(4, "little")
    tail = bytearray(data[end:])
    tail[8:10] = tail[10:12] = (26).to_bytes(2, "little")
    tail[12:16] = size
    path.write_bytes(data[:start] + entries + bytes(tail))
    return path


def text(content: bytes) -> Any:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


@pytest.mark.parametrize(
    ("make", "name", "message"),
    [
        (far_away, "a.xlsx", "内存太多.*Ctrl\\+End"),
        (wide, "a.xlsx", "第 2 行有 5000 列,超过上限 500"),
        (bomb, "a.xlsx", "不像正常的文件"),
        (many_entries, "a.xlsx", "有 6000 个文件,超过上限 5000"),
        (overlapping, "a.xlsx", "不是完好的压缩包"),
        (entity, "a.xlsx", "外部实体"),
        (shared_entity, "a.xlsx", "外部实体"),
        (cut_off, "a.xlsx", "不是完好的压缩包.*没有传完"),
        (damaged, "a.xlsx", "已损坏,读不出来.*另存为"),
        (encrypted, "a.xlsx", "请先取消密码"),
        (zip_password, "a.xlsx", "请先取消密码"),
        (no_cfb, "a.xls", "已损坏"),
        (text(b"<html><table><tr><td>x"), "a.xls", "其实是网页"),
        (text(b'<?xml version="1.0"?><Workbook/>'), "a.xls", "其实是 XML"),
        (text("编码,名称\nA,甲\n".encode("gbk")), "a.xls", "其实是文本.*\\.csv"),
        (text(b"%PDF-1.4 \x00"), "a.xlsx", "不是电子表格"),
        (text(b""), "a.xlsx", "文件是空的"),
        (lambda path: packed(path, {"xl/workbook.bin": b""}), "a.xlsx", "不能读取 .xlsb"),
        (lambda path: packed(path, {"a.txt": b""}), "a.xlsx", "不是电子表格"),
        (lambda path: path.mkdir() or path, "a.xlsx", "不是普通文件"),
    ],
)
def test_a_strange_file_is_refused_with_what_to_do(
    tmp_path: Path, make: Any, name: str, message: str
) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read_table(make(tmp_path / name))


def test_no_more_rows_than_are_allowed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [HEADER, *(("A", number) for number in range(30))])
    assert read_table(path, max_rows=30).row_count == 30
    with pytest.raises(UnreadableFile, match="超过 29 行"):
        read_table(path, max_rows=29)


def test_a_million_empty_cells_with_a_format_cost_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [HEADER, ("A", 1)])
    rows = b"".join(
        b'<row r="%d"><c r="A%d" s="0"/><c r="ZZ%d" s="0"/></row>' % (n, n, n) for n in range(3, 50_000)
    )
    table = read_table(
        with_part(path, {SHEET: lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>")})
    )
    assert table.headers == HEADER and table.row_count == 1


# --------------------------------------------------------------------------------------------- older workbooks

#: An .xls of two sheets, the first one empty: numbers, a day, a merged cell, an error. Nothing here writes
#: the format any more, so it is kept as it was (b85 of zlib).
OLD_WORKBOOK = (
    "c-rk)Pe_zO6#u>1{dASxbu|?<FcGry&mp^npj$zC(yR@N2u#~G!u-"
    "QhlpWGCyF?IlD!K@E=wfxLr0CBjIs`@@q9AY!PeD`|bWp$Eyl=L2Q*gly<NGc1=DjyFZ{EInGv9pQtFhdPp}WNiq@W%i%-"
    "UJVn4=>uSxF%TZntgCCTkxT+r_FvmX8-Q!@|SB%S^q7dc6}+xZ{1s6!^g95PHzm-"
    "4!ccLF^D8T1op*M_$f7g&SOgC=$Q&gdP#PM(Azn`$*_E(Oec<$9*U0AjZN?6<bXnA5dk|7Gz4eFJs<`W-"
    "|)#Lg#Vc6>|Do*d9ODdVG~Nlz9CZ1}|wttSc7Rat>}H8|Y<JcXn1sqZ7#I<sQa&yA+s8?(3(eu6||p1lIqUug_dW@8d;G)n8R!pd"
    "a>O(#bpsKPtVtMbXryV7r!EEJq&gY1}=H8rkH!aR0(SI?YvJ-"
    "<MvlCS&W4a#b675+P8{Ne}2$=iBz$NVY!u<){eFJ1PRQf&5IP$PqqQwo!;Zoxb(;bz@s|xJ5Mm@_2BtUV981=ky33987umRLF=*q"
    "36ZwTH%X@=5vm7UEW+^m|X+X=Yq7B^E_Jw<KYc+_>IgDe%kY(Wbk8n6Z0bti8J{lZ^A<;<A++5$Lrq!s;G*tU(*;3Cu=gt&3mCme"
    ";hsaDi8NG!w1iAEMLrM(U^IJdRJl0d@5vox6SP$2Qv~ga6B{|Nk@l%Ny@~^kvuGUj4evBbyj7IE*GE4=}%%y$I59_?BT`d%Cu=)m"
    "a(N4u%*P-H@0OdpINmEdJN4weoUG<wCr(m0t@AY3l}b2xNzaZ#XkkfrOLTT>Z_4uE~%O3yUq-"
    "kS@$!^e~Z27=HCf^rQC@wuH)!UD}M@MQPLJIaZK`ip~ilmJ&q2vi60$l=P$ox(A@vC<bk2(+d}EiKbwx9e|i3&UR(&g"
)


def test_an_old_workbook_with_its_errors(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(zlib.decompress(base64.b85decode(OLD_WORKBOOK)))
    table = read_table(path)
    assert table.facts.format == "xls" and table.facts.sheet == "点位"
    assert cells_of(table) == [["123", "甲", "2024-06-30", "海曙区"], ["124", "#N/A", "", "海曙区"]]


@pytest.mark.parametrize("cut", [600, 2_000, 4_000])
def test_an_old_workbook_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(zlib.decompress(base64.b85decode(OLD_WORKBOOK))[:cut])
    with pytest.raises(UnreadableFile, match=r"已损坏|出了意外"):
        read_table(path)


ODS = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="表"><table:table-row><table:table-cell office:value-type="string"><text:p>名称</text:p>
</table:table-cell><table:table-cell office:value-type="string"><text:p>数</text:p></table:table-cell>
</table:table-row><table:table-row><table:table-cell office:value-type="string"><text:p>甲</text:p>
</table:table-cell><table:table-cell office:value-type="float" office:value="5"><text:p>5</text:p>
</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"""


@pytest.mark.parametrize(("manifest", "message"), [("", ""), ("<manifest:encryption-data/>", "取消密码")])
def test_an_open_document(tmp_path: Path, manifest: str, message: str) -> None:
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": ODS.replace("\n", " ").replace("> <", "><"),
    }
    whole = {**parts, "META-INF/manifest.xml": f"<manifest:manifest>{manifest}</manifest:manifest>"}
    path = packed(tmp_path / "a.ods", {name: part.encode() for name, part in whole.items()})
    if message:
        with pytest.raises(UnreadableFile, match=message):
            read_table(path)
        return
    table = read_table(path)
    assert cells_of(table) == [["甲", "5"]] and "读成空格" in " ".join(table.notes)
