"""The page that says how a file is to be read, as a form: everything that the command line's options say."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin.importfields import (
    COLUMN,
    DATUM_CHOICES,
    EPSG,
    GENERATED_CODE,
    KIND_BY_COLUMN,
    MEANT,
    SERVICE_CHOICES,
    STAGE_CHOICES,
    USUAL_WORDS,
    WORD,
    FieldRow,
    Vocabulary,
    field_rows,
    header_choices,
)
from projects.exchange.columns import ATTRIBUTES, FALLBACK_FIELDS, POSITION_FIELDS
from projects.exchange.options import ImportOptions, KindRule, WordRule, read_datum, template_columns
from projects.exchange.problems import OptionError
from projects.rules.vocabulary import Service, Stage

_MOST_METRES: Final = 10_000
_WORDED: Final = ("kind", "stage", "service")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the file is, as far as the form asks: its columns, what their first rows hold, the distinct words
    of a column (None: too many to be words), whether shapes come with the rows."""

    headers: Sequence[str]
    samples: Mapping[str, str]
    words_of: Callable[[str], Sequence[str] | None]
    has_geometry: bool = False
    marks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """One line of the table of columns. `mark`: how it came to be matched; `words`: what its words mean."""

    row: FieldRow
    control: forms.BoundField
    mark: str
    words: Sequence[forms.BoundField]


class OptionsForm(forms.Form):
    """Bound or not, it is made for one file: its choices are that file's columns and words."""

    datum = forms.ChoiceField(
        label=gettext_lazy("坐标是哪里来的"),
        choices=DATUM_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请点选一项;不清楚时问提供数据的人。")},
    )
    epsg = forms.CharField(
        label=gettext_lazy("EPSG 编号"),
        required=False,
        max_length=12,
        help_text=gettext_lazy("例如 4549(CGCS2000 三度带,中央经线 120°)。不清楚时请问提供数据的单位。"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("设施种类"))
    code = forms.ChoiceField(
        label=gettext_lazy("点位编码"),
        help_text=gettext_lazy("有编码的,再次导入时按编码更新;没有编码的由系统按名称和坐标生成。"),
    )
    indicator = forms.ChoiceField(
        label=gettext_lazy("计入哪个指标"),
        required=False,
        help_text=gettext_lazy("不选为存量设施:市民看得到,不计入目标。"),
    )
    division_from = forms.ChoiceField(
        label=gettext_lazy("管理区划"),
        choices=[
            ("geometry", gettext_lazy("按位置:落在哪个区县就归哪个区县")),
            ("column", gettext_lazy("按文件里的“区划”列")),
        ],
        widget=forms.RadioSelect,
    )
    allow_conflicts = forms.BooleanField(
        label=gettext_lazy("区划列与坐标矛盾时照样导入,只作提示"), required=False
    )
    tolerance = forms.FloatField(
        label=gettext_lazy("边界以外多少米之内算在该区划内"),
        required=False,
        min_value=0,
        max_value=_MOST_METRES,
        help_text=gettext_lazy("缺省为 0。海边、江边的点位落在边界以外时才需要。"),
    )
    stage = forms.ChoiceField(
        label=gettext_lazy("建设阶段(文件里没有写的)"), choices=STAGE_CHOICES, initial=Stage.FINISHED.value
    )
    service = forms.ChoiceField(
        label=gettext_lazy("服务状态(文件里没有写的)"),
        choices=SERVICE_CHOICES,
        initial=Service.UNKNOWN.value,
        help_text=gettext_lazy("地图缺省只显示“开放”的点位;确已开放的请选“开放”。"),
    )
    name_template = forms.CharField(
        label=gettext_lazy("没有名称列时,名称怎样拼"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("例如:充电站 {station_id}。花括号里写列名。"),
    )
    source = forms.CharField(
        label=gettext_lazy("来源名称"),
        max_length=200,
        help_text=gettext_lazy(
            "由系统生成编码时,同一来源、同一点位的编码不变。每月导入同一份表,请用同一个来源名称。"
        ),
    )
    fallback_datum = forms.ChoiceField(label=gettext_lazy("后备位置的坐标系"), required=False)
    fallback_epsg = forms.CharField(label=gettext_lazy("后备位置的 EPSG 编号"), required=False, max_length=12)

    def __init__(self, facts: FileFacts, vocabulary: Vocabulary, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.facts = facts
        self.rows = field_rows(vocabulary, has_geometry=facts.has_geometry)
        self._vocabulary = vocabulary
        self._set_choices()
        for row in self.rows:
            self._add_column(row.name, row.title)
        for name, title in (
            ("kind", _("设施种类在哪一列(上面选“每行不同”时用)")),
            ("fallback_x", _("后备位置:经度(X、东)")),
            ("fallback_y", _("后备位置:纬度(Y、北)")),
        ):
            self._add_column(name, title)
        self.words: dict[str, list[tuple[str, str]]] = {}
        self._unseen: set[str] = set()
        for name in _WORDED:
            self._add_words(name)

    # -- making it ----------------------------------------------------------------------------------------

    def _set_choices(self) -> None:
        chosen: dict[str, Any] = {
            "kind": [
                ("", _("请选择")),
                *self._vocabulary.kinds,
                (KIND_BY_COLUMN, _("每行不同:按文件里的一列")),
            ],
            "code": [
                *header_choices(self.facts.headers, self.facts.samples, _("请选择")),
                (GENERATED_CODE, _("文件里没有编码,由系统生成")),
            ],
            "indicator": [("", _("不计入指标(存量)")), *self._vocabulary.indicators],
            "fallback_datum": [("", _("没有后备位置")), *DATUM_CHOICES],
        }
        for name, choices in chosen.items():
            field_: Any = self.fields[name]
            field_.choices = choices

    def _add_column(self, name: str, title: str) -> None:
        self.fields[COLUMN + name] = forms.ChoiceField(
            label=title,
            required=False,
            choices=header_choices(self.facts.headers, self.facts.samples, _("(文件里没有)")),
        )

    def _add_words(self, name: str) -> None:
        """One choice for each word of the column that is matched now: what it means here."""
        header = self._now(COLUMN + name)
        if not header or (name == "kind" and self._now("kind") != KIND_BY_COLUMN):
            return
        words = self.facts.words_of(header)
        if words is None:
            return
        meanings = self._meanings()[name]
        known = {word: self._meaning(name, word, meanings) for word in words}
        # Words that all speak for themselves need no answer.
        if all(known.values()) or not known:
            return
        self.words[name] = []
        for number, word in enumerate(words):
            key = f"{WORD}{name}-{number}"
            self.words[name].append((key, word))
            self.fields[key] = forms.ChoiceField(
                label=word, required=False, choices=[("", _("请选择")), *meanings]
            )
            before = self.initial.get(MEANT, {}).get(name, {}).get(word)
            proposed = before or known[word] or USUAL_WORDS.get(name, {}).get(word, "")
            self.initial.setdefault(key, proposed)
            self._answered(key, proposed, is_certain=bool(before or known[word]))

    def _answered(self, key: str, meaning: str, *, is_certain: bool) -> None:
        """A question that was not on the page yet when it was sent has the answer that it would propose; what
        is only usual must have been looked at."""
        if self.is_bound and self.add_prefix(key) not in self.data:
            if not is_certain:
                self._unseen.add(key)
            held: Any = self.data
            data = held.copy()
            data[self.add_prefix(key)] = meaning
            self.data = data

    def _meanings(self) -> dict[str, Sequence[tuple[str, Any]]]:
        return {"kind": self._vocabulary.kinds, "stage": STAGE_CHOICES, "service": SERVICE_CHOICES}

    def _meaning(self, name: str, word: str, meanings: Sequence[tuple[str, Any]]) -> str:
        """What a word says by itself: our own value, or its term."""
        known = {text.lower(): value for value, label in meanings for text in (value, str(label))}
        if name == "kind":
            known |= {text.lower(): slug for text, slug in self._vocabulary.kind_words.items()}
        return known.get(word.strip().lower(), "")

    def _now(self, name: str) -> str:
        """The value as the form stands, typed or proposed."""
        if self.is_bound:
            return str(self.data.get(self.add_prefix(name), ""))
        return str(self.initial.get(name, "") or "")

    # -- showing it ---------------------------------------------------------------------------------------

    def lines(self, *, main: bool) -> Iterator[ColumnLine]:
        """The table of columns: the usual ones and what is matched, or the rest."""
        placed = any(self._now(COLUMN + name) for name in POSITION_FIELDS)
        for row in self.rows:
            # One way of saying where is enough: the others are folded away.
            usual = row.is_main and not (placed and row.name in POSITION_FIELDS)
            wrong = self.is_bound and COLUMN + row.name in self.errors
            if (usual or wrong or bool(self._now(COLUMN + row.name))) is main:
                yield self.line(row)

    def main_lines(self) -> list[ColumnLine]:
        return list(self.lines(main=True))

    def other_lines(self) -> list[ColumnLine]:
        return list(self.lines(main=False))

    def line(self, row: FieldRow) -> ColumnLine:
        words = [self[key] for key, _word in self.words.get(row.name, [])]
        return ColumnLine(row, self[COLUMN + row.name], self.facts.marks.get(row.name, ""), words)

    def kind_line(self) -> ColumnLine:
        return self.line(FieldRow("kind", "", "", is_main=True))

    def unused(self) -> list[str]:
        """The file's columns that nothing is taken from, as the form stands."""
        used = {self._now(name) for name in self.fields if name.startswith(COLUMN) or name == "code"}
        return [header for header in self.facts.headers if header not in used]

    def keep(self, typed: QueryDict) -> None:
        """Show again what was typed before the file was read another way: what this file still has."""
        for name, control in self.fields.items():
            value = typed.get(name)
            if value is None or name.startswith(WORD):
                continue
            choices = getattr(control, "choices", None)
            if choices is None or value in {str(choice) for choice, _label in choices}:
                self.initial[name] = value

    # -- reading it ---------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._clean_system(data, "datum", "epsg")
        if data.get("fallback_datum"):
            self._clean_system(data, "fallback_datum", "fallback_epsg")
        self._clean_columns(data)
        self._clean_words(data)
        return data

    def _clean_system(self, data: dict[str, Any], name: str, number: str) -> None:
        chosen = data.get(name)
        if not chosen:
            return
        typed = str(data.get(number, "")).strip().upper().removeprefix("EPSG:").strip()
        if chosen == EPSG and not typed:
            self.add_error(number, _("请填写 EPSG 编号,例如 4549。"))
            return
        try:
            data[f"{name}_read"] = read_datum(f"EPSG:{typed}" if chosen == EPSG else chosen)
        except OptionError:
            self.add_error(number, _("“%(text)s”不是 EPSG 编号;应是 4 到 6 位数字。") % {"text": typed[:20]})

    def _clean_columns(self, data: dict[str, Any]) -> None:
        matched = {name for name in self.fields if name.startswith(COLUMN) and data.get(name)}
        has = {name.removeprefix(COLUMN) for name in matched}
        template = str(data.get("name_template", ""))
        if "name" not in has and not template:
            self.add_error(f"{COLUMN}name", _("请选择名称在哪一列;没有名称列的,在“更多选项”里写名称怎样拼。"))
        if template:
            self._clean_template(template)
        self._clean_position(has)
        if data.get("division_from") == "column" and "division" not in has:
            self.add_error(f"{COLUMN}division", _("管理区划按文件里的列时,请选择区划在哪一列。"))
        if data.get("kind") == KIND_BY_COLUMN and "kind" not in has:
            self.add_error(f"{COLUMN}kind", _("请选择设施种类在哪一列。"))
        self._clean_attributes(data, has)
        if "quantity" in has and not data.get("indicator"):
            self.add_error("indicator", _("有贡献量一列时,请选择计入哪个指标。"))
        fallback = {"fallback_x", "fallback_y"} & has
        if fallback and not data.get("fallback_datum"):
            self.add_error("fallback_datum", _("后备位置的坐标系也须声明。"))
        if data.get("fallback_datum") and len(fallback) < len(FALLBACK_FIELDS):
            for name in sorted(FALLBACK_FIELDS - fallback):
                self.add_error(COLUMN + name, _("请选择后备位置在哪一列。"))

    def _clean_attributes(self, data: dict[str, Any], has: set[str]) -> None:
        """An attribute that the chosen kind does not have cannot be filled."""
        kind = data.get("kind")
        if not kind or kind == KIND_BY_COLUMN:
            return
        for key, attribute in self._vocabulary.attributes.items():
            if ATTRIBUTES + key in has and kind not in attribute.kinds:
                self.add_error(
                    COLUMN + ATTRIBUTES + key,
                    _("所选的设施种类没有“%(name)s”这一项;请改为“(文件里没有)”。")
                    % {"name": attribute.label},
                )

    def _clean_template(self, template: str) -> None:
        try:
            absent = [name for name in template_columns(template) if name not in self.facts.headers]
        except OptionError:
            self.add_error("name_template", _("里面没有任何 {列},所有点位会同名。"))
            return
        if absent:
            self.add_error("name_template", _("文件没有“%(column)s”这一列。") % {"column": absent[0]})

    def _clean_position(self, has: set[str]) -> None:
        if self.facts.has_geometry:
            return
        if {"lonlat", "latlon"} <= has:
            self.add_error(f"{COLUMN}latlon", _("两种坐标对只能选一种:看例子里经度(120 左右)在前还是在后。"))
        if len({"lon", "lat"} & has) == 1:
            missing = next(iter({"lon", "lat"} - has))
            self.add_error(COLUMN + missing, _("经度和纬度要成对选择。"))
        elif not POSITION_FIELDS & has:
            self.add_error(f"{COLUMN}lon", _("请选择坐标在哪一列:经度和纬度两列,或一格两个数的一列。"))

    def _clean_words(self, data: dict[str, Any]) -> None:
        for keys in self.words.values():
            for key, word in keys:
                if not data.get(key):
                    self.add_error(key, _("请选择“%(word)s”是什么意思。") % {"word": word})
                elif key in self._unseen:
                    self.add_error(key, _("“%(word)s”是这个意思吗?请核对。") % {"word": word})

    def options(self) -> ImportOptions:
        """What the form says; only of a valid one."""
        data = self.cleaned_data
        by_column = data["kind"] == KIND_BY_COLUMN
        words = {
            name: WordRule(data[COLUMN + name], MappingProxyType(self._meant(name)))
            for name in ("stage", "service")
            if self.words.get(name)
        }
        mapping = {
            name.removeprefix(COLUMN): value
            for name, value in data.items()
            if name.startswith(COLUMN) and value and name != f"{COLUMN}kind"
        }
        if data["name_template"]:
            mapping.pop("name", None)
        return ImportOptions(
            datum=data["datum_read"],
            kind=KindRule(column=data[f"{COLUMN}kind"], words=MappingProxyType(self._meant("kind")))
            if by_column
            else KindRule(slug=data["kind"]),
            code_column=None if data["code"] == GENERATED_CODE else data["code"],
            source=data["source"],
            mapping=MappingProxyType(mapping),
            indicator=data["indicator"],
            division_from_column=data["division_from"] == "column",
            allow_division_conflicts=data["allow_conflicts"],
            border_tolerance_m=data["tolerance"] or 0.0,
            fallback_datum=data.get("fallback_datum_read"),
            stage=Stage(data["stage"]),
            service=Service(data["service"]),
            name_template=data["name_template"],
            words=MappingProxyType(words),
            only_mapped=True,
        )

    def _meant(self, name: str) -> dict[str, str]:
        return {word: self.cleaned_data[key] for key, word in self.words.get(name, [])}
