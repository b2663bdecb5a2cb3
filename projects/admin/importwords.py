"""How a file was read, in words: the options of a batch or of a file on its way."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from projects.exchange.columns import ATTRIBUTES, BY_FIELD
from projects.models import FacilityKind, Indicator
from projects.models.choices import DATUMS


def field_title(name: str) -> str:
    """The column table's word for a field."""
    if name in BY_FIELD:
        return BY_FIELD[name].title
    return name.removeprefix(ATTRIBUTES)


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
