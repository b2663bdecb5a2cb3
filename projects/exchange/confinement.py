"""Why a file was not read, in a sentence that says what to do. The child gives words only."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from projects.exchange.confined.limits import Limits
from projects.exchange.confined.run import Failed, NotAPlainFile, PrivateCopy, TooLarge, private_copy
from projects.exchange.problems import UnreadableFile, shortened

_SHOWN: Final = 20

SENTENCES: Final[Mapping[str, str]] = {
    # How the process ended.
    "time": gettext_noop(
        "读这个文件用的时间太长,已经停下:请拆成几个文件,或删去多余的工作表和格式后另存再导入。"
    ),
    "memory": gettext_noop(
        "读这个文件要用的内存太多,已经停下:多半是离表格很远的地方还有内容或格式。"
        "请按 Ctrl+End 看最后一格在哪里,删去多余的行和列,另存后再导入。"
    ),
    "crashed": gettext_noop(
        "读这个文件时出了意外,已经停下:文件可能已损坏。请用原来的软件打开、另存一次后再导入。"
    ),
    "garbage": gettext_noop("读出来的内容不完整,没有采用:请用原来的软件打开、另存一次后再导入。"),
    "too_much": gettext_noop("文件展开之后太大,已经停下:请删去多余的内容,或拆成几个文件后再导入。"),
    # Zip files.
    "zip_broken": gettext_noop("不是完好的压缩包(xlsx 也是压缩包):可能没有传完,请重新下载或另存后再导入。"),
    "zip_entries": gettext_noop("压缩包里有 %(count)d 个文件,超过上限 %(limit)d;没有打开。"),
    "zip_size": gettext_noop("压缩包解开之后有 %(size)d MB,超过上限 %(limit)d MB;没有打开,请拆分后再导入。"),
    "zip_ratio": gettext_noop(
        "压缩包解开之后有 %(size)d MB,是压缩时的 %(ratio)d 倍,不像正常的文件;没有打开。"
        "请用原来的软件打开、另存一次后再导入。"
    ),
    "zip_path": gettext_noop("压缩包里的“%(name)s”不是普通文件或路径不正常;没有打开,请重新压缩。"),
    "password": gettext_noop("文件有密码:请先取消密码(文件 → 信息 → 保护工作簿),另存后再导入。"),
    # Workbooks.
    "workbook_broken": gettext_noop(
        "表格文件已损坏,读不出来:请用 Excel 或 WPS 打开、另存为 .xlsx 后再导入。"
    ),
    "sheet_broken": gettext_noop(
        "工作表“%(name)s”已损坏,读不出来:请用 Excel 或 WPS 打开、另存为 .xlsx 后再导入。"
    ),
    "broken_cells": gettext_noop(
        "表格里有公式错误,但没有写明在哪一格:请用 Excel 或 WPS 打开、另存为 .xlsx 后再导入。"
    ),
    "entities": gettext_noop(
        "表格文件里有外部实体的声明(正常的表格没有),没有读:请用 Excel 或 WPS 打开、另存一次。"
    ),
    "sheets": gettext_noop("文件有 %(count)d 个工作表,超过上限 %(limit)d;请把要导入的一个另存为新文件。"),
    "choose_sheet": gettext_noop("有几个工作表都有内容:%(names)s。请用 --sheet 说明读哪一个(名称或第几个)。"),
    "no_sheet": gettext_noop("没有工作表“%(wanted)s”;文件有:%(names)s。"),
    "only_hidden": gettext_noop(
        "看得见的工作表都是空的,有内容的是隐藏的:%(names)s。请取消隐藏,或用 --sheet 指明。"
    ),
    "empty": gettext_noop("文件是空的:没有一个工作表有内容。"),
    "empty_sheet": gettext_noop("工作表“%(name)s”是空的。"),
    "columns": gettext_noop(
        "第 %(row)d 行有 %(count)d 列,超过上限 %(limit)d:多半是很远的右边还有内容,请删去多余的列后再导入。"
    ),
    "rows": gettext_noop("文件超过 %(limit)d 行;请拆分后再导入,或用 --max-rows 放宽。"),
    "is_html": gettext_noop(
        "这个文件其实是网页(有些系统导出的“Excel”是这样):请用 Excel 或 WPS 打开,另存为 .xlsx 后再导入。"
    ),
    "is_xml": gettext_noop("这个文件其实是 XML 文本:请用 Excel 或 WPS 打开,另存为 .xlsx 后再导入。"),
    "is_text": gettext_noop("这个文件其实是文本:请把后缀改为 .csv,或用 Excel、WPS 打开后另存为 .xlsx。"),
    "is_xlsb": gettext_noop("不能读取 .xlsb(二进制工作簿):请另存为 .xlsx 后再导入。"),
    "not_workbook": gettext_noop("文件的内容不是电子表格:请用 Excel 或 WPS 打开,另存为 .xlsx 后再导入。"),
    # GeoPackage and shapefile.
    "shapefile_count": gettext_noop(
        "压缩包里应恰有一个 .shp 文件,现有 %(count)d 个%(names)s。请每个图层单独压缩成一个 .zip。"
    ),
    "shapefile_parts": gettext_noop(
        "压缩包里的 shapefile 不完整,缺少 %(missing)s:请把同名的 .shp、.shx、.dbf(和 .prj、.cpg)一起压缩。"
    ),
    "not_vector": gettext_noop("文件的内容不是 %(name)s 格式;请在 GIS 软件中重新导出。"),
    "vector_broken": gettext_noop("%(name)s 文件已损坏,读不出来;请在 GIS 软件中重新导出。"),
    "layers": gettext_noop("文件有 %(count)d 个图层,超过上限 %(limit)d;请把要导入的一个另存为新文件。"),
    "no_layers": gettext_noop("文件里没有任何图层。"),
    "no_layer": gettext_noop("没有图层“%(wanted)s”;文件有:%(names)s。"),
    "no_geometry": gettext_noop("文件的图层都没有图形:%(names)s。没有图形的表请存为 CSV 或 xlsx。"),
    "choose_layer": gettext_noop("有几个图层:%(names)s。请用 --sheet 说明读哪一个(名称或第几个)。"),
    "encoding": gettext_noop("不认识编码 %(name)s;常用的是 utf-8、gb18030、utf-16。"),
}


def sentence(failure: Failed) -> str:
    """What went wrong and what to do. Words that the child does not get right become the general ones."""
    template = SENTENCES.get(failure.code)
    if template is None:
        return _(SENTENCES["garbage"])
    words: dict[str, Any] = {}
    for name, value in failure.particulars.items():
        if isinstance(value, list):
            shown = "、".join(shortened(item, 40) for item in value[:_SHOWN]) + (
                "…" if len(value) > _SHOWN else ""
            )
            words[name] = shown
        else:
            words[name] = shortened(value, 80) if isinstance(value, str) else value
    if failure.code == "shapefile_count":
        words["names"] = f"({words['names']})" if words.get("names") else ""
    try:
        return _(template) % words
    except (KeyError, TypeError, ValueError):
        return _(SENTENCES["garbage"])


@contextmanager
def confined(path: Path, suffix: str, max_megabytes: int, *, unpacks: bool = False) -> Iterator[PrivateCopy]:
    """A private copy of a file for the child; what went wrong with it is an UnreadableFile with its sentence.

    Raises OSError besides.
    """
    try:
        with private_copy(path, f"source{suffix}", max_megabytes, unpacks=unpacks) as copy:
            if not copy.size:
                raise UnreadableFile(_("文件是空的。"))
            yield copy
    except NotAPlainFile as problem:
        raise UnreadableFile(_("%(name)s 不是普通文件。") % {"name": path.name}) from problem
    except TooLarge as problem:
        raise UnreadableFile(
            _("文件有 %(size)d MB,超过上限 %(limit)d MB;请拆分后再导入。")
            % {"size": problem.megabytes, "limit": max_megabytes}
        ) from problem
    except Failed as problem:
        raise UnreadableFile(sentence(problem)) from problem


def limits_for(max_megabytes: int, max_rows: int) -> Limits:
    """What a file of that size may cost."""
    return Limits(
        rows=max_rows,
        unpacked_mb=max(1024, max_megabytes * 5),
        stream_mb=max(1024, max_megabytes * 5),
    )
