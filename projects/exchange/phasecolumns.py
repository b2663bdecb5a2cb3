"""The columns of a file of phases: what import understands and export writes."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange.headers import clean_header
from projects.exchange.problems import OptionError
from projects.rules.errors import gettext_noop

ATTRIBUTES: Final = "attributes."


@dataclass(frozen=True, slots=True)
class PhaseColumn:
    """One field. A header equal to the field or its title is recognised; any other needs --map."""

    field: str
    title: str
    about: str
    kind: str = "text"


COLUMNS: Final = (
    PhaseColumn("name", gettext_noop("阶段"), gettext_noop("阶段名称,必填,至多 200 个字")),
    PhaseColumn("name_en", gettext_noop("阶段英文名"), gettext_noop("可不填")),
    PhaseColumn("order", gettext_noop("顺序"), gettext_noop("整数;没有这一列时按文件中的先后"), "whole"),
    PhaseColumn("project", gettext_noop("项目名称"), gettext_noop("缺省由 --project-from 的列组成")),
    PhaseColumn("status", gettext_noop("状态"), gettext_noop("原文照录,不用于判断")),
    PhaseColumn("baseline_start", gettext_noop("基线开工"), gettext_noop("最初约定的开工日期"), "date"),
    PhaseColumn("baseline_due", gettext_noop("基线完成"), gettext_noop("最初约定的完成日期"), "date"),
    PhaseColumn(
        "planned_start",
        gettext_noop("现计划开工"),
        gettext_noop("现行计划;没有基线时,第一次给出的日期就是基线"),
        "date",
    ),
    PhaseColumn("planned_due", gettext_noop("现计划完成"), gettext_noop("同上"), "date"),
    PhaseColumn("started_on", gettext_noop("实际开工"), gettext_noop("空着表示没有开工"), "date"),
    PhaseColumn("met_on", gettext_noop("实际完成"), gettext_noop("空着表示没有完成"), "date"),
    PhaseColumn("budget", gettext_noop("预算"), gettext_noop("金额"), "money"),
    PhaseColumn("estimate", gettext_noop("最终预计"), gettext_noop("预计到完成时的总支出"), "money"),
    PhaseColumn("spent", gettext_noop("已支出"), gettext_noop("到截至日期为止的总支出"), "money"),
    PhaseColumn("currency", gettext_noop("币种"), gettext_noop("缺省用 --currency")),
)
BY_FIELD: Final = MappingProxyType({column.field: column for column in COLUMNS})
DATES: Final = tuple(column.field for column in COLUMNS if column.kind == "date")
MONEY: Final = tuple(column.field for column in COLUMNS if column.kind == "money")


@dataclass(frozen=True, slots=True)
class PhaseColumns:
    """Which header each field is read from; `attributes`: what else is kept, by key."""

    header_of: Mapping[str, str]
    attributes: Mapping[str, str]

    def __contains__(self, field: str) -> bool:
        return field in self.header_of


def resolve(headers: Iterable[str], mapping: Mapping[str, str]) -> PhaseColumns:
    """Raises OptionError: an unknown field, a column that is not there, no column for the phase's name."""
    known = list(headers)
    plain: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for field, column in mapping.items():
        header = find_header(column, known, f"--map {field}=")
        if field.startswith(ATTRIBUTES) and field != ATTRIBUTES:
            attributes[field.removeprefix(ATTRIBUTES)] = header
        elif field in BY_FIELD:
            plain[field] = header
        else:
            raise OptionError(
                _("没有字段 %(field)s;可用:%(fields)s,或 attributes.名称。")
                % {"field": field, "fields": "、".join(BY_FIELD)}
            )
    for each in COLUMNS:
        if each.field not in plain:
            own = next((name for name in (each.field, each.title) if name in known), None)
            if own is not None:
                plain[each.field] = own
    for header in known:
        if header.startswith(ATTRIBUTES) and header not in attributes.values():
            attributes.setdefault(header.removeprefix(ATTRIBUTES), header)
    if "name" not in plain:
        raise OptionError(
            _("不知道阶段名称在哪一列;请用 --map name=列。文件里的列:%(headers)s。")
            % {"headers": "、".join(known)}
        )
    return PhaseColumns(MappingProxyType(plain), MappingProxyType(attributes))


def find_header(name: str, headers: Iterable[str], option: str) -> str:
    """The file's header of that name, spaces around it apart. Raises OptionError."""
    wanted = clean_header(name)
    known = list(headers)
    if wanted in known:
        return wanted
    near = difflib.get_close_matches(wanted, known, 1)
    hint = _("是不是“%(near)s”?") % {"near": near[0]} if near else ""
    raise OptionError(
        _("%(option)s:文件里没有列“%(column)s”。%(hint)s文件里的列:%(headers)s。")
        % {"option": option.rstrip("="), "column": wanted, "hint": hint, "headers": "、".join(known)}
    )


def split_headers(text: str, headers: Iterable[str], option: str) -> tuple[str, ...]:
    """`COLUMN[,COLUMN...]`, or one column whose name has a comma in it. Raises OptionError."""
    known = list(headers)
    if clean_header(text) in known:
        return (clean_header(text),)
    return tuple(find_header(part, known, option) for part in text.split(",") if part.strip())


def markdown() -> str:
    """The table of docs/user/import-phases.md."""
    lines = ["| 字段 | 列名 | 说明 |", "|---|---|---|"]
    lines += [f"| `{column.field}` | {column.title} | {column.about} |" for column in COLUMNS]
    return "\n".join(lines) + "\n"
