"""The words and choices of the import's form: what a clerk reads where the command line has options."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from projects.admin.importwords import field_title
from projects.exchange.columns import ATTRIBUTES, COLUMNS, FALLBACK_FIELDS, POSITION_FIELDS
from projects.models.choices import SERVICES, STAGES
from projects.rules.vocabulary import Stage

Choices = list[tuple[str, str | Promise]]

#: A choice that is no column: codes made by the system, kinds that differ by row.
GENERATED_CODE: Final = "@generated"
KIND_BY_COLUMN: Final = "@column"
#: A datum by its number.
EPSG: Final = "epsg"

#: Where a clerk has a pair of coordinates from, and what that means.
DATUM_CHOICES: Final[Choices] = [
    ("gcj02", _("高德地图、腾讯地图拾取的坐标,微信、手机地图里的坐标(GCJ-02)")),
    ("bd09", _("百度地图拾取的坐标(BD-09)")),
    ("wgs84", _("GPS 设备、手持机直接测得的坐标(WGS-84)")),
    ("cgcs2000", _("天地图拾取的坐标、测绘成果的经纬度(CGCS2000)")),
    (EPSG, _("投影坐标(很大的数,单位是米):在下面填 EPSG 编号")),
]

#: Encodings that Chinese files come in.
ENCODINGS: Final[Choices] = [
    ("", _("自动识别")),
    ("utf-8", "UTF-8"),
    ("gb18030", _("GB18030(GBK,中文 Windows 的 Excel 存的 CSV)")),
    ("utf-16", "UTF-16"),
    ("big5", _("Big5(繁体)")),
]

#: Verified is what somebody finds on the spot; a file cannot say it.
STAGE_CHOICES: Final[Choices] = [pair for pair in STAGES if pair[0] != Stage.VERIFIED]
SERVICE_CHOICES: Final[Choices] = list(SERVICES)

#: What clerks write for our words. Only proposed: the person sees each of them and says yes.
USUAL_WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "stage": MappingProxyType(
            {
                "未开工": "planned",
                "待建": "planned",
                "已选址": "sited",
                "在建": "building",
                "建设中": "building",
                "施工中": "building",
                "已建成": "finished",
                "建成": "finished",
                "已完成": "finished",
                "完工": "finished",
                "已竣工": "finished",
                "暂停": "suspended",
                "停工": "suspended",
                "取消": "cancelled",
            }
        ),
        "service": MappingProxyType(
            {
                "正常": "open",
                "营业": "open",
                "营业中": "open",
                "在用": "open",
                "已启用": "open",
                "运营中": "open",
                "暂停": "closed_temporarily",
                "维修": "closed_temporarily",
                "停用": "closed",
                "关停": "closed",
                "已关闭": "closed",
            }
        ),
    }
)

#: What nearly every file has: shown first. The rest is folded away until one of it is matched.
_MAIN: Final = ("name", "lon", "lat", "lonlat", "latlon", "wkt", "division", "address")
#: Asked elsewhere on the page, each with what belongs to it.
_APART: Final = frozenset({"code", "kind", *FALLBACK_FIELDS})

#: The prefixes of the form's names: a column of a field, a word of a column.
COLUMN: Final = "col-"
WORD: Final = "word-"
#: In what a form begins with: what each word of a column was said to mean before, by field.
MEANT: Final = "meant"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field that a column may fill. `is_main`: of the ones that nearly every file has."""

    name: str
    title: str
    about: str | Promise
    is_main: bool


@dataclass(frozen=True, slots=True)
class AttributeField:
    """A facility's own field, and the kinds (slugs) that have it."""

    label: str
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What may be chosen besides the file's own columns; `kind_words`: what kinds are called, in any way."""

    kinds: Sequence[tuple[str, str]]
    indicators: Sequence[tuple[str, str]]
    attributes: Mapping[str, AttributeField] = field(default_factory=lambda: MappingProxyType({}))
    kind_words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def field_rows(vocabulary: Vocabulary, *, has_geometry: bool) -> list[FieldRow]:
    """The fields that a column may fill, the usual ones first; a position only where the file has none."""
    rows = [
        FieldRow(
            column.field,
            field_title(column.field),
            column.about if get_language() == "zh-hans" else "",
            column.field in _MAIN,
        )
        for column in COLUMNS
        if column.field not in _APART and not (has_geometry and column.field in POSITION_FIELDS)
    ]
    names = dict(vocabulary.kinds)
    for key, attribute in vocabulary.attributes.items():
        about = _("只用于:%(kinds)s") % {"kinds": "、".join(sorted(names[slug] for slug in attribute.kinds))}
        rows.append(FieldRow(ATTRIBUTES + key, attribute.label, about, is_main=False))
    return sorted(rows, key=lambda row: (not row.is_main, _MAIN.index(row.name) if row.is_main else 0))


def header_choices(headers: Iterable[str], samples: Mapping[str, str], empty: str | Promise) -> Choices:
    """The file's columns, each with what its first row holds: a header alone says too little."""
    chosen: Choices = [("", empty)]
    for header in headers:
        sample = " ".join(samples.get(header, "").split())[:24]
        chosen.append((header, f"{header}  ({sample})" if sample else header))
    return chosen
