"""From the rows of a file to what would be written: new, changed and unchanged phases, and what is wrong."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from projects.actions.phasedrafts import (
    STANDING_FIELDS,
    CategoryDraft,
    PhaseDraft,
    PhaseUpdate,
    ProjectDraft,
    ProjectUpdate,
    standing_values,
)
from projects.exchange.phasecolumns import PhaseColumns, find_header, resolve, split_headers
from projects.exchange.phaseoptions import PhaseImportOptions
from projects.exchange.phaserows import KeyColumns, PhaseRowReader, RowSaid
from projects.exchange.phaseworld import KnownPhase, PhaseWorld
from projects.exchange.problems import OptionError, Problem, Severity
from projects.exchange.readers import Table
from projects.rules.phases import Gap, Meaning, Standing

_BASELINES = ("baseline_start", "baseline_due")


@dataclass(slots=True)
class PhasePlan:
    """What an import would write; nothing is, while a problem is an error."""

    columns: PhaseColumns
    categories: list[CategoryDraft] = field(default_factory=list)
    projects: dict[str, ProjectDraft] = field(default_factory=dict)
    project_updates: dict[str, ProjectUpdate] = field(default_factory=dict)
    drafts: list[PhaseDraft] = field(default_factory=list)
    updates: list[PhaseUpdate] = field(default_factory=list)
    unchanged: int = 0
    missing: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        return bool(self.categories or self.projects or self.project_updates or self.drafts or self.updates)


def plan_phases(table: Table, options: PhaseImportOptions, world: PhaseWorld, today: dt.date) -> PhasePlan:
    """Compare a file with the database. Raises OptionError for options that do not fit the file."""
    columns = resolve(table.headers, options.mapping)
    keys, chosen = _keys(table, options, world)
    reader = PhaseRowReader(columns, keys, options, today)
    rows = [said for row in table.rows if (said := reader.read(row)) is not None]
    planner = _Planner(columns, options, world, chosen, keys)
    for row in planner.without_duplicates(rows):
        planner.add(row)
    planner.say_names()
    plan = planner.plan
    # What stops the import comes first: a screen shows fifty.
    problems = [*table.problems, *reader.problems, *planner.problems]
    plan.problems = tuple(sorted(problems, key=lambda problem: problem.severity is Severity.WARNING))
    plan.missing = tuple(
        (phase.code, phase.name_zh) for phase in world.phases.values() if phase.code not in planner.seen
    )
    plan.notes += _notes(reader, options, rows)
    return plan


def _keys(
    table: Table, options: PhaseImportOptions, world: PhaseWorld
) -> tuple[KeyColumns, CategoryDraft | None]:
    """The key columns, and the one category of all projects where the option names one."""
    if bool(options.project_from) == bool(options.indicator):
        raise OptionError(
            _("请用 --project-from 列 说明项目所在的列,或用 --indicator 代码 归到一个指标(取一)。")
        )
    code: tuple[str, ...] = ()
    if options.code and options.code != "generated":
        code = split_headers(options.code, table.headers, "--code")
    if options.indicator:
        return KeyColumns((), code), None
    project = tuple(
        header
        for text in options.project_from
        for header in split_headers(text, table.headers, "--project-from")
    )
    chosen, column = _category(table, options.category, world)
    return KeyColumns(project, code, column), chosen


def _category(table: Table, text: str, world: PhaseWorld) -> tuple[CategoryDraft | None, str]:
    if not text:
        raise OptionError(
            _(
                "新项目须归入一个类:--category 代码(已有的类)、代码=名称(新建一个类)或 列名(按列里的词,"
                "没有的新建)。已有的类:%(slugs)s。"
            )
            % {"slugs": _known_categories(world)}
        )
    if text in world.categories:
        if text in table.headers:
            raise OptionError(_("“%(text)s”既是类的代码,又是文件的列;请把列改名后再导入。") % {"text": text})
        return CategoryDraft(text, world.categories[text]), ""
    slug, equals, name = text.partition("=")
    if equals and slug == slugify(slug) and slug and name.strip():
        return CategoryDraft(slug, world.categories.get(slug, name.strip())), ""
    try:
        return None, find_header(text, table.headers, "--category")
    except OptionError as problem:
        raise OptionError(
            _("%(problem)s也不是已有的类:%(slugs)s。")
            % {"problem": problem, "slugs": _known_categories(world)}
        ) from problem


def _known_categories(world: PhaseWorld) -> str:
    return "、".join(f"{slug}({name})" for slug, name in world.categories.items()) or _("无")


class _Planner:
    def __init__(
        self,
        columns: PhaseColumns,
        options: PhaseImportOptions,
        world: PhaseWorld,
        chosen: CategoryDraft | None,
        keys: KeyColumns,
    ) -> None:
        self.plan = PhasePlan(columns)
        self.problems: list[Problem] = []
        self.seen: set[str] = set()
        self._columns, self._options, self._world = columns, options, world
        self._chosen = chosen
        self._code_header = "、".join(keys.code or (*keys.project, columns.header_of["name"]))
        self._slugs = {name: slug for slug, name in world.categories.items()}
        self._slugs |= {slug: slug for slug in world.categories}
        self._orders: Counter[str] = Counter()
        self._first_row: dict[str, RowSaid] = {}
        self._other_names = 0

    def without_duplicates(self, rows: Sequence[RowSaid]) -> list[RowSaid]:
        """Rows of one code: refused by name, or numbered in the order of the file."""
        first: dict[str, RowSaid] = {}
        times: Counter[str] = Counter()
        kept = []
        for row in rows:
            times[row.code] += 1
            if times[row.code] == 1:
                first[row.code] = row
                kept.append(row)
                continue
            before = first[row.code]
            same = replace(row, number=before.number) == before
            what = _("两行完全相同") if same else _("两行内容不同")
            sentence = _("与第 %(row)d 行是同一个项目的同一个阶段(%(what)s)。") % {
                "row": before.number,
                "what": what,
            }
            if self._options.numbers_duplicates:
                said = _("按文件中的先后编为第 %(n)d 个。") % {"n": times[row.code]}
                self._problem(row, self._code_header, sentence + said, severity=Severity.WARNING)
                kept.append(replace(row, code=f"{row.code[:114]}#{times[row.code]}"))
            else:
                allowed = _("用 --code 列,列 换一个能分开它们的代码,或加 --duplicates number 按先后编号")
                self._problem(row, self._code_header, sentence, allowed)
        if self._options.numbers_duplicates and len(rows) > len(first):
            self.plan.notes.append(
                _("%(rows)d 行与前面的行同代码,按文件中的先后编号(#2、#3……);下次导入请保持先后不变。")
                % {"rows": len(rows) - len(first)}
            )
        return kept

    def say_names(self) -> None:
        """Note rows that call their project otherwise than the first row of it does."""
        if self._other_names:
            self.plan.notes.append(
                _("%(count)d 行的项目名称与该项目第一行的不同,取第一行的。") % {"count": self._other_names}
            )

    def add(self, row: RowSaid) -> None:
        self.seen.add(row.code)
        if row.project:
            self._project(row)
        known = self._world.phases.get(row.code)
        if known is None:
            self._draft(row)
        else:
            self._compare(row, known)

    # -- projects and categories ---------------------------------------------------------------------------

    def _project(self, row: RowSaid) -> None:
        first = self._first_row.setdefault(row.project, row)
        if first is not row:
            if first.category != row.category:
                sentence = _("同一个项目在第 %(row)d 行属于“%(category)s”。") % {
                    "row": first.number,
                    "category": first.category,
                }
                self._problem(row, "--category", sentence, first.category)
            self._other_names += first.project_name != row.project_name
            return
        category = self._category_of(row)
        known = self._world.projects.get(row.project)
        if known is None:
            self.plan.projects[row.project] = ProjectDraft(
                row.project, row.project_name or row.project, category
            )
        elif (known.name_zh, known.category) != (row.project_name, category):
            self.plan.project_updates[row.project] = ProjectUpdate(known.pk, row.project_name, category)

    def _category_of(self, row: RowSaid) -> str:
        draft = self._chosen
        if draft is None:
            if row.category in self._slugs:
                return self._slugs[row.category]
            draft = CategoryDraft(self._new_slug(row.category), row.category)
        if draft.slug not in self._world.categories and draft not in self.plan.categories:
            self.plan.categories.append(draft)
            self.plan.notes.append(
                _("新建类:%(name)s(%(slug)s)。") % {"name": draft.name_zh, "slug": draft.slug}
            )
        self._slugs[draft.name_zh] = draft.slug
        return draft.slug

    def _new_slug(self, word: str) -> str:
        digest = hashlib.blake2b(word.encode(), digest_size=4).hexdigest()
        slug = slugify(word)[:50]
        taken = {*self._world.categories, *(draft.slug for draft in self.plan.categories)}
        return slug if slug and slug not in taken else f"{slug or 'c'}-{digest}"

    # -- phases ---------------------------------------------------------------------------------------------

    def _draft(self, row: RowSaid) -> None:
        self._orders[row.project] += 1
        standing = self._standing(row, None)
        self.plan.drafts.append(
            PhaseDraft(
                row.code,
                row.name,
                standing,
                row.project,
                self._world.indicator_id,
                row.name_en,
                self._orders[row.project] if row.order is None else row.order,
                row.currency,
                self._first(row, standing, "baseline_start"),
                self._first(row, standing, "baseline_due"),
                row.attributes,
            )
        )

    def _first(self, row: RowSaid, standing: Standing, name: str) -> dt.date | None:
        """The baseline: as the file names it, else the first planned date."""
        planned = getattr(standing, name.replace("baseline", "planned"))
        value = row.values.get(name) if name in self._columns else planned
        return value if isinstance(value, dt.date) else None

    def _standing(self, row: RowSaid, before: Mapping[str, Any] | None) -> Standing:
        """What the row says; columns that the file has not stay as they were."""
        values: dict[str, Any] = {}
        gaps: dict[str, Gap] = {}
        old_gaps = before["gaps"] if before else {}
        for name in (*STANDING_FIELDS, *_BASELINES):
            if name in self._columns:
                value = row.status if name == "status" else row.values.get(name)
                if name in row.gaps:
                    gaps[name] = row.gaps[name]
            else:
                value = before.get(name) if before else None
                if name in old_gaps:
                    gaps[name] = Gap(Meaning(old_gaps[name][0]), old_gaps[name][1])
            if name in STANDING_FIELDS:
                values[name] = value
        values["status"] = values["status"] or ""
        # A doubt that the status word raised holds without a column of dates, too.
        if "met_on" in row.gaps:
            gaps["met_on"] = row.gaps["met_on"]
        return Standing(self._options.as_of, gaps=gaps, **values)

    def _compare(self, row: RowSaid, known: KnownPhase) -> None:
        if not self._same_owner(row, known):
            return
        if known.currency != row.currency:
            sentence = _("币种是 %(old)s,文件是 %(new)s;币种不能改变。") % {
                "old": known.currency,
                "new": row.currency,
            }
            self._problem(row, "--currency", sentence)
            return
        standing = self._standing(row, known.standing)
        baseline: dict[str, dt.date] = {}
        for name in _BASELINES:
            before, now = known.baseline[name], self._first(row, standing, name)
            if now is None or before == now:
                continue
            if before is None:
                baseline[name] = now
            elif name in self._columns:
                self._moved(row, name, before, now)
                return
        fields = self._fields(row, known)
        changed = known.standing is None or standing_values(standing) != dict(known.standing)
        if not (fields or baseline or changed):
            self.plan.unchanged += 1
            return
        self.plan.updates.append(
            PhaseUpdate(known.pk, known.seen_seq, fields, baseline, standing if changed else None)
        )

    def _same_owner(self, row: RowSaid, known: KnownPhase) -> bool:
        if row.project:
            project = self._world.projects.get(row.project)
            same = project is not None and known.owner == ("project", project.pk)
        else:
            same = known.owner == ("indicator", self._world.indicator_id)
        if not same:
            self._problem(
                row, self._code_header, _("阶段代码 %(code)s 属于另一个项目或指标。") % {"code": row.code}
            )
        return same

    def _moved(self, row: RowSaid, name: str, before: dt.date, now: dt.date) -> None:
        header = self._columns.header_of[name]
        sentence = _("基线是 %(old)s,文件是 %(new)s;基线不再改变。") % {"old": before, "new": now}
        planned = name.replace("baseline", "planned")
        allowed = _("如果这一列是现行计划,请用 --map %(field)s=%(column)s") % {
            "field": planned,
            "column": header,
        }
        self._problem(row, header, sentence, allowed)

    def _fields(self, row: RowSaid, known: KnownPhase) -> dict[str, object]:
        fields: dict[str, object] = {}
        if row.name != known.name_zh:
            fields["name_zh"] = row.name
        if "name_en" in self._columns and row.name_en != known.name_en:
            fields["name_en"] = row.name_en
        if row.order is not None and row.order != known.order:
            fields["order"] = row.order
        attributes = {**known.attributes, **row.attributes}
        if attributes != known.attributes:
            fields["attributes"] = attributes
        return fields

    def _problem(
        self,
        row: RowSaid,
        header: str,
        sentence: str,
        allowed: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        self.problems.append(
            Problem(sentence, row.number, row.label, header, row.code, allowed, severity=severity)
        )


def _notes(reader: PhaseRowReader, options: PhaseImportOptions, rows: Sequence[RowSaid]) -> list[str]:
    notes = [
        _("没有声明的词:“%(word)s”在列“%(column)s”有 %(count)d 格。")
        % {"word": word, "column": column, "count": count}
        for (column, word), count in reader.undeclared.most_common(40)
    ]
    if reader.cut_names:
        notes.append(_("%(count)d 行的项目名称超过 200 个字,截短显示。") % {"count": reader.cut_names})
    words: Counter[tuple[str, str]] = Counter(
        (gap.word, gap.meaning.value) for row in rows for gap in row.gaps.values() if gap.word
    )
    notes += [
        _("“%(word)s”按%(meaning)s处理:%(count)d 格。")
        % {"word": word, "meaning": _(Meaning(meaning).term), "count": count}
        for (word, meaning), count in words.most_common(40)
    ]
    notes.append(_("文件说的是 %(day)s 为止的情况。") % {"day": options.as_of})
    return notes
