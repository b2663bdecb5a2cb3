"""What a clerk reads names the page's controls, not options of a command line."""

import pytest
from django.utils import translation

from projects.admin.clerkwords import clerk_words
from projects.admin.importwords import field_title
from projects.exchange.columns import COLUMNS


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("如有乱码请用 --encoding 声明。", "如有乱码请用 “编码” 声明。"),
        ("请用 --sheet 说明读哪一个。", "请用 “工作表” 说明读哪一个。"),
        ("可用 --border-tolerance 120 放宽。", "可用 “边界以外多少米之内算在该区划内”(120) 放宽。"),
        ("请加 --source '充电站 六月',否则重复。", "请加 “来源名称”(充电站 六月),否则重复。"),
        ("请用 --map lon=列 --map lat=列,或其他。", "请用 “哪一列是什么” “哪一列是什么”,或其他。"),
        (
            "像是投影坐标,请用 --datum EPSG:编号 声明。",
            "像是投影坐标,请用 “坐标是哪里来的”(EPSG:编号) 声明。",
        ),
        ("请拆分后再导入,或用 --max-rows 放宽。", "请拆分后再导入。"),
        ("没有什么要改的。", "没有什么要改的。"),
        ("列:name ← 点位名称,lon ← X。", "列:名称 ← 点位名称,经度(X、东) ← X。"),
        ("确已开放请用 --service open。", "确已开放请选“服务状态(文件里没有写的)”:开放。"),
        ("请运行 manage.py load_divisions --city 330200。", None),
    ],
)
def test_options_become_labels(sentence: str, said: str | None) -> None:
    found = clerk_words(sentence)
    assert found == said if said is not None else "--city 330200" in found and "系统管理员" in found


def test_every_column_has_a_title_of_the_page() -> None:
    """The table of columns is written in Chinese; here its titles are translated."""
    for column in COLUMNS:
        assert field_title(column.field) == column.title
    with translation.override("en"):
        assert all(field_title(column.field).isascii() for column in COLUMNS)
