"""How a file is to be read, as the command line says it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _

from maps.crs import DeclarationError, EpsgCode, parse_declared
from maps.datum import Datum
from projects.exchange.problems import OptionError
from projects.rules.vocabulary import Service, Stage

GENERATED: Final = "generated"
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class KindRule:
    """One kind for every row, or a column whose words mean kinds (no words: slugs and names as they are)."""

    slug: str = ""
    column: str = ""
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class WordRule:
    """A column whose own words mean ours, such as `active` for `open`."""

    column: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`code_column` None means generated codes. `datum` is declared, never guessed; `fallback_datum` is the
    second position's, for rows without the first. A position outside every border but within
    `border_tolerance_m` of one is taken to lie there. `words`: a file's own words by field (stage, service).
    `only_mapped`: no column is taken for what its header says; somebody has looked at every one of them.
    """

    datum: Datum | EpsgCode
    kind: KindRule
    code_column: str | None
    source: str
    mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    indicator: str = ""
    division_from_column: bool = False
    allow_division_conflicts: bool = False
    border_tolerance_m: float = 0.0
    fallback_datum: Datum | EpsgCode | None = None
    stage: Stage = Stage.FINISHED
    service: Service = Service.UNKNOWN
    name_template: str = ""
    words: Mapping[str, WordRule] = field(default_factory=lambda: MappingProxyType({}))
    only_mapped: bool = False

    @property
    def in_degrees(self) -> bool:
        """Whether the pairs are longitude and latitude; an EPSG system may be projected."""
        return isinstance(self.datum, Datum)


def read_datum(text: str) -> Datum | EpsgCode:
    """Raises OptionError."""
    try:
        return parse_declared(text)
    except DeclarationError as problem:
        raise OptionError(problem.message.translated(_)) from problem


def read_mapping(items: list[str]) -> dict[str, str]:
    """`field=column` pairs. Raises OptionError."""
    mapping: dict[str, str] = {}
    for item in items:
        name, sign, column = item.partition("=")
        if not (sign and name.strip() and column.strip()):
            raise OptionError(_("--map 应写成 字段=列,实际是“%(item)s”。") % {"item": item})
        if name.strip() in mapping:
            raise OptionError(_("--map 给了 %(field)s 两次。") % {"field": name.strip()})
        mapping[name.strip()] = column.strip()
    return mapping


def read_kind(slug: str | None, kind_from: str | None) -> KindRule:
    """`--kind SLUG` or `--kind-from COLUMN[:value=SLUG,...]`: exactly one. Raises OptionError."""
    if bool(slug) == bool(kind_from):
        raise OptionError(_("请用 --kind 种类代码,或 --kind-from 列:值=种类代码,…(两者取一)。"))
    if slug:
        return KindRule(slug=slug.strip())
    column, sign, rest = (kind_from or "").partition(":")
    words = {}
    if sign:
        words = _words(rest, _("--kind-from 应写成 列:值=种类代码,…,看不懂“%(item)s”。"))
    return KindRule(column=column.strip(), words=MappingProxyType(words))


def read_words(option: str, text: str | None, allowed: Collection[str]) -> WordRule | None:
    """`COLUMN:value=WORD,...` of `--stage-from`, `--service-from`; None if not given. Raises OptionError."""
    if not text:
        return None
    column, _sign, rest = text.partition(":")
    sentence = (
        _("%(option)s 应写成 列:值=词,…,看不懂“%(item)s”;可用的词:%(words)s。")
        .replace("%(option)s", option)
        .replace("%(words)s", "、".join(allowed))
    )
    words = _words(rest, sentence)
    for word, target in words.items():
        if target not in allowed:
            raise OptionError(sentence % {"item": f"{word}={target}"})
    return WordRule(column.strip(), MappingProxyType(words))


def _words(text: str, sentence: str) -> dict[str, str]:
    """`value=WORD,...`; `sentence` says how it is written, with a place for `item`."""
    words: dict[str, str] = {}
    for item in text.split(","):
        word, equals, target = item.rpartition("=")
        if not (equals and word.strip() and target.strip()):
            raise OptionError(sentence % {"item": item})
        words[word.strip()] = target.strip()
    return words


def template_columns(template: str) -> list[str]:
    """The columns that a name template such as `充电站 {station_id}` takes. Raises OptionError for none."""
    columns = [match.strip() for match in _PLACE.findall(template)]
    if template and not columns:
        raise OptionError(_("--name-from 里没有任何 {列},所有点位会同名。"))
    return columns


def fill_template(template: str, cells: Mapping[str, str]) -> str:
    """The template with each `{column}` replaced by the row's cell."""
    return _PLACE.sub(lambda match: cells.get(match[1].strip(), "").strip(), template)
