"""How a file was read, in words: the options of a batch or of a file on its way."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.exchange.columns import ATTRIBUTES, BY_FIELD
from projects.models import FacilityKind, Indicator
from projects.models.choices import DATUMS

#: The titles of the column table, which is written in Chinese, for who reads English.
_TITLES: Final[dict[str, str | Promise]] = {
    "code": gettext_lazy("点位编码"),
    "name": gettext_lazy("名称"),
    "kind": gettext_lazy("设施种类"),
    "lon": gettext_lazy("经度(X、东)"),
    "lat": gettext_lazy("纬度(Y、北)"),
    "lonlat": gettext_lazy("坐标对,经度在前"),
    "latlon": gettext_lazy("坐标对,纬度在前"),
    "wkt": gettext_lazy("图形(WKT)"),
    "fallback_x": gettext_lazy("后备位置:经度(X、东)"),
    "fallback_y": gettext_lazy("后备位置:纬度(Y、北)"),
    "division": gettext_lazy("区划"),
    "address": gettext_lazy("地址"),
    "stage": gettext_lazy("建设阶段"),
    "service": gettext_lazy("服务状态"),
    "service_checked_on": gettext_lazy("服务状态核实日期"),
    "opening_hours": gettext_lazy("开放时间"),
    "phone": gettext_lazy("电话"),
    "quantity": gettext_lazy("贡献量"),
    "baseline_start": gettext_lazy("基线开工日期"),
    "baseline_finish": gettext_lazy("基线完工日期"),
    "started_on": gettext_lazy("实际开工日期"),
    "finished_on": gettext_lazy("实际完工日期"),
}


def field_title(name: str) -> str:
    """The word for a field, in the language of the page."""
    if name in _TITLES:
        return str(_TITLES[name])
    return BY_FIELD[name].title if name in BY_FIELD else name.removeprefix(ATTRIBUTES)


def datum_words(text: str) -> str:
    """`gcj02` -> GCJ-02(高德、腾讯); an EPSG number as it is."""
    return str(dict(DATUMS).get(text, text))


def batch_lines(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What `ImportBatch.options` says, a line each: (what, how)."""
    if datum := options.get("datum"):
        yield _("坐标系"), datum_words(str(datum))
    if fallback := options.get("fallback_datum"):
        yield _("后备位置的坐标系"), datum_words(str(fallback))
    yield from _kind_lines(options)
    if code := options.get("code"):
        yield (
            _("点位编码"),
            _("由系统生成") if code == "generated" else _("“%(column)s”列") % {"column": code},
        )
    if source := options.get("source"):
        yield _("来源名称"), str(source)
    yield _("计入指标"), _indicator(str(options.get("indicator") or ""))
    if "division_from" in options:
        by_column = options["division_from"] == "column"
        yield _("管理区划"), _("按文件里的列") if by_column else _("按位置")
    columns = options.get("columns")
    if isinstance(columns, Mapping):
        for name, header in columns.items():
            if name == "code":
                continue  # said above
            yield field_title(str(name)), _("“%(column)s”列") % {"column": header}


def _kind_lines(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    named = {row.slug: row.name for row in FacilityKind.objects.all()}
    kind = str(options.get("kind") or "")
    if kind in named:
        yield _("设施种类"), named[kind]
    elif kind:
        yield _("设施种类"), _("“%(column)s”列") % {"column": kind}
    kinds = options.get("kinds")
    if isinstance(kinds, Mapping) and kinds:
        pairs = [f"{word} → {named.get(str(slug), str(slug))}" for word, slug in kinds.items()]
        yield _("种类的词"), ";".join(pairs)


def _indicator(code: str) -> str:
    if not code:
        return _("不计入指标(存量)")
    row = Indicator.objects.filter(code=code, deleted_seq__isnull=True).first()
    return code if row is None else f"{code} {row.name}"
