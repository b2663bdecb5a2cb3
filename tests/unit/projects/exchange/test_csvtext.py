"""Bytes of a CSV to records: encodings, delimiters, headers, ragged rows."""

import codecs

import pytest

from projects.exchange.csvtext import CsvText, read_csv, sniff_delimiter
from projects.exchange.headers import clean_header
from projects.exchange.problems import UnreadableFile

TEXT = "名称,经度,纬度\r\n镇海一号,121.55,29.95\r\n"


def read(data: bytes | str, encoding: str | None = None, max_rows: int = 100) -> CsvText:
    raw = data.encode() if isinstance(data, str) else data
    return read_csv(raw, encoding=encoding, max_rows=max_rows)


@pytest.mark.parametrize(
    ("data", "declared", "said"),
    [
        (TEXT.encode(), None, "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), None, "utf-8-sig"),
        (TEXT.encode("utf-16"), None, "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), None, "utf-16"),
        (TEXT.encode("utf-32"), None, "utf-32"),
        (TEXT.encode("gbk"), None, "GB18030"),
        (TEXT.encode("gb18030"), "gb18030", "gb18030"),
        (TEXT.encode("utf-16-le"), "utf-16-le", "utf-16-le"),
    ],
)
def test_every_encoding_is_read_and_said(data: bytes, declared: str | None, said: str) -> None:
    found = read(data, declared)
    assert said in found.notes[0]
    assert len(found.headers) == 3
    number, cells = next(iter(found.records))
    assert number == 2
    assert cells[1:] == ("121.55", "29.95")


@pytest.mark.parametrize(
    ("data", "encoding", "sentence"),
    [
        (b"", None, "空的"),
        (b"\n \n", None, "空的"),
        (b"sep=;\n", None, "空的"),
        (b",,\n,,\n", None, "空的"),
        (TEXT.encode("utf-16-le"), None, "NUL"),
        (b"a,b\n1,\x00\n", None, "第 2 行含有空字符"),
        (b"\x81\x20\xff\xff,a\n", None, "认不出文件的编码"),
        (TEXT.encode()[:-5] + "镇".encode()[:2], None, "截断"),
        (codecs.BOM_UTF8 + b"\xff\xfe,b", None, "损坏"),
        (TEXT.encode("gbk"), "utf-8", "不是 utf-8 编码"),
        (b"x", "no-such", "不认识编码"),
        (b"x\x9c", "zlib", "不认识编码"),
        (b'a,b\n"x,y\nz', None, "没有成对"),
        (b'a,b\n"x"y,z\n', None, "不合 CSV 格式"),
        (b"a,b,a\n1,2,3\n", None, "“a”出现了两次(第 1 列和第 3 列)"),
        (b"a , a\n1,2\n", None, "出现了两次"),
        (b"a,b\n" + b"1,2\n" * 101, None, "超过 100 行"),
        (b"a" + b",a" * 600 + b"\n", None, "超过上限 500"),
    ],
)
def test_what_spoils_the_file_is_a_sentence(data: bytes, encoding: str | None, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence.replace("(", r"\(").replace(")", r"\)")):
        read(data, encoding)


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("a,b,c", ","),
        ("a;b;c", ";"),
        ("a\tb\tc", "\t"),
        ("名称;经度,纬度;地址;电话", ";"),
        ('"x;y;z",b', ","),
        ("one", ","),
        ("a,b;c", ","),
    ],
)
def test_the_delimiter_that_splits_the_header_most(header: str, delimiter: str) -> None:
    assert sniff_delimiter(f"{header}\n1,2;3\t4\n") == delimiter


def test_a_sep_line_is_believed_and_counted_as_a_row() -> None:
    found = read("sep=;\na;b\n1,5;2\n")
    assert found.headers == ("a", "b")
    assert list(found.records) == [(3, ("1,5", "2"))]


def test_ragged_rows_are_named_and_the_others_kept() -> None:
    found = read('名称,x\n甲,1\n乙\n丙,1,2\n丁,1,,\n\n"戊\n己",2\n')
    assert [number for number, _cells in found.records] == [2, 5, 7]
    assert [(p.row, p.allowed) for p in found.ragged] == [(3, "2"), (4, "2")]
    assert list(found.records)[2][1] == ("戊\n己", "2")
    assert any("1 个空行" in note for note in found.notes)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (" 名称 ", "名称"),
        ("\ufeff名称", "名称"),
        ("名称\u3000", "名称"),
        ("经\u200b度", "经度"),
        ("a\n b", "a b"),
    ],
)
def test_headers_lose_what_nobody_sees(raw: str, clean: str) -> None:
    assert clean_header(raw) == clean


def test_blank_lines_before_the_header_are_counted_and_skipped() -> None:
    found = read("\n,,\na,b\n1,2\n")
    assert (found.headers, list(found.records)) == (("a", "b"), [(4, ("1", "2"))])


def test_columns_without_a_header_keep_their_place_under_a_number() -> None:
    assert read("a,,c,\n1,2,3,\n").headers == ("a", "(第 2 列)", "c")
