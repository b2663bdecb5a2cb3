"""How a staged file is to be read, as JSON and back: what a form sets and a person's memory keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _

from projects.exchange.options import ImportOptions, KindRule, WordRule, read_datum
from projects.exchange.problems import OptionError
from projects.rules.vocabulary import Service, Stage


@dataclass(frozen=True, slots=True)
class StagedOptions:
    """`importing` is how rows are understood (None: the person has not said yet), the rest how the file is
    opened. `header_row` counts from 1, as a spreadsheet does; None: the readers find it."""

    importing: ImportOptions | None = None
    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads back unchanged."""
        return {
            "importing": None if self.importing is None else _options_json(self.importing),
            "sheet": self.sheet,
            "header_row": self.header_row,
            "encoding": self.encoding,
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> "StagedOptions":
        """Raises OptionError for what no release of this wrote."""
        try:
            importing = held.get("importing")
            return cls(
                None if importing is None else _options(importing),
                held.get("sheet"),
                held.get("header_row"),
                held.get("encoding"),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise OptionError(_("保存的导入选项读不出来,请重新填写。")) from problem


def _options_json(options: ImportOptions) -> dict[str, Any]:
    return {
        "datum": str(options.datum),
        "kind": {
            "slug": options.kind.slug,
            "column": options.kind.column,
            "words": dict(options.kind.words),
        },
        "code_column": options.code_column,
        "source": options.source,
        "mapping": dict(options.mapping),
        "indicator": options.indicator,
        "division_from_column": options.division_from_column,
        "allow_division_conflicts": options.allow_division_conflicts,
        "border_tolerance_m": options.border_tolerance_m,
        "fallback_datum": None if options.fallback_datum is None else str(options.fallback_datum),
        "stage": options.stage.value,
        "service": options.service.value,
        "name_template": options.name_template,
        "words": {name: [rule.column, dict(rule.words)] for name, rule in options.words.items()},
        "only_mapped": options.only_mapped,
    }


def _options(held: Mapping[str, Any]) -> ImportOptions:
    fallback = held["fallback_datum"]
    return ImportOptions(
        datum=read_datum(held["datum"]),
        kind=KindRule(
            held["kind"]["slug"], held["kind"]["column"], MappingProxyType(dict(held["kind"]["words"]))
        ),
        code_column=held["code_column"],
        source=str(held["source"]),
        mapping=MappingProxyType(dict(held["mapping"])),
        indicator=held["indicator"],
        division_from_column=bool(held["division_from_column"]),
        allow_division_conflicts=bool(held["allow_division_conflicts"]),
        border_tolerance_m=float(held["border_tolerance_m"]),
        fallback_datum=None if fallback is None else read_datum(fallback),
        stage=Stage(held["stage"]),
        service=Service(held["service"]),
        name_template=held["name_template"],
        only_mapped=bool(held.get("only_mapped", False)),
        words=MappingProxyType(
            {
                name: WordRule(column, MappingProxyType(dict(words)))
                for name, (column, words) in held["words"].items()
            }
        ),
    )
