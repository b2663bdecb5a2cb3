"""Sentences of the import, for who has a form before them: an option of the command line by its label."""

import re
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin.importwords import field_title

_LABELS: Final[dict[str, str | Promise]] = {
    "encoding": gettext_lazy("编码"),
    "sheet": gettext_lazy("工作表"),
    "header-row": gettext_lazy("表头在第几行"),
    "datum": gettext_lazy("坐标是哪里来的"),
    "fallback-datum": gettext_lazy("后备位置的坐标系"),
    "map": gettext_lazy("哪一列是什么"),
    "name-from": gettext_lazy("没有名称列时,名称怎样拼"),
    "kind": gettext_lazy("设施种类"),
    "kind-from": gettext_lazy("设施种类"),
    "code": gettext_lazy("点位编码"),
    "indicator": gettext_lazy("计入哪个指标"),
    "division-from": gettext_lazy("管理区划"),
    "allow-division-conflicts": gettext_lazy("区划列与坐标矛盾时照样导入,只作提示"),
    "border-tolerance": gettext_lazy("边界以外多少米之内算在该区划内"),
    "stage": gettext_lazy("建设阶段(文件里没有写的)"),
    "stage-from": gettext_lazy("建设阶段"),
    "service": gettext_lazy("服务状态(文件里没有写的)"),
    "service-from": gettext_lazy("服务状态"),
    "source": gettext_lazy("来源名称"),
    "keep-changed": gettext_lazy("不动它们,只撤销其余的"),
}
#: Values that mean something by themselves; the name of a field or column does not.
_TOLD: Final = frozenset({"border-tolerance", "source", "service", "datum"})
_OPTION: Final = re.compile(
    r"--([a-z]+(?:-[a-z]+)*)"  # its name
    r"((?:[ =](?:'[^']*'|[A-Za-z0-9_.]+(?:[=:][^\s,;。、)\uff0c\uff1b\uff09]*)?))?)"  # its value
)
_SERVICE: Final = re.compile(r"(?:用 |use )--service open", re.IGNORECASE)
#: Which header was taken for which field.
_TAKEN: Final = re.compile(r"\b([a-z_]+(?:\.\w+)?) ← ")
#: A limit is not the clerk's to widen.
_WIDEN: Final = re.compile(
    r"[,、\uff0c]?\s*(?:或用|请用|or use)?\s*--max-(?:rows|mb)\s*(?:放宽|to raise it)?", re.IGNORECASE
)


def clerk_words(sentence: str) -> str:
    """The sentence without options of a command line; commands for the administrator stay as they are."""
    if "manage.py" in sentence:
        return _("%(sentence)s(由系统管理员运行)") % {"sentence": sentence}
    plain = _SERVICE.sub(lambda _found: _("选“服务状态(文件里没有写的)”:开放"), _WIDEN.sub("", sentence))
    return _TAKEN.sub(lambda found: f"{field_title(found[1])} ← ", _OPTION.sub(_label, plain))


def clerk_column(column: str) -> str:
    """The column that a problem is on: a header of the file, or what a position is read from."""
    return {"lon, lat": _("经度、纬度"), "geometry": _("位置")}.get(column, column)


def _label(found: re.Match[str]) -> str:
    name, value = found[1], found[2].strip(" ='")
    if name not in _LABELS:
        return found[0]
    label = _("“%(label)s”") % {"label": _LABELS[name]}
    return f"{label}({value})" if value and name in _TOLD else label
