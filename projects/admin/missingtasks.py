"""Lines of the start page about figures: reports of indicators and money, targets, contradictions."""

import datetime as dt
from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.admin.tasks import Example, Task
from projects.models import Programme
from projects.permissions.access import Access, Permission, Target, holds, may
from projects.readmodels.clocks import Clocks
from projects.readmodels.divergences import divergences
from projects.readmodels.missingfigures import (
    Missing,
    last_month,
    unreported_funds,
    unreported_indicators,
    without_target,
)

_SHOWN = 3


def tasks_of_figures(access: Access, day: dt.date) -> Iterator[Task]:
    """Of the programme that governs, for the last month that is over on its cut-off."""
    programmes = Programme.objects.filter(deleted_seq__isnull=True).select_related("policy")
    programme = max(programmes, key=lambda row: row.rank, default=None)
    if programme is None:
        return
    month = last_month(programme.cutoff)
    if holds(access, Permission.INDICATOR_REPORT):
        yield _reports(unreported_indicators(access, programme, month), month)
    if holds(access, Permission.FUNDING_REPORT):
        yield _funds(unreported_funds(access, programme, month), month)
    if may(access, Permission.PROGRAMME_CHANGE, Target()):
        yield _targets(programme)
    if holds(access, Permission.INDICATOR_REPORT) or holds(access, Permission.ORDER_ISSUE):
        yield _contradictions(access, programme)


def _reports(rows: Sequence[Missing], month: dt.date) -> Task:
    add = reverse("admin:projects_indicatorreport_add")
    return Task(
        _("指标没有上报"),
        gettext("%(month)s 还没有报告的指标,按区划") % {"month": f"{month:%Y-%m}"},
        "work",
        len(rows),
        False,
        reverse("admin:projects_indicatorreport_changelist"),
        month,
        tuple(
            Example(_named(row), _last(row), f"{add}?{_prefilled('indicator', row, month)}")
            for row in rows[:_SHOWN]
        ),
    )


def _funds(rows: Sequence[Missing], month: dt.date) -> Task:
    add = reverse("admin:projects_fundingreport_add")
    return Task(
        _("资金使用没有上报"),
        gettext("%(month)s 还没有报告的资金") % {"month": f"{month:%Y-%m}"},
        "work",
        len(rows),
        False,
        reverse("admin:projects_fundingreport_changelist"),
        month,
        tuple(
            Example(
                _named(row),
                _last(row),
                f"{add}?{_prefilled('line', row, month)}",
            )
            for row in rows[:_SHOWN]
        ),
    )


def _targets(programme: Programme) -> Task:
    rows = without_target(programme)
    add = reverse("admin:projects_targetstatement_add")
    return Task(
        _("没有登记目标的指标"),
        _("登记目标,或登记为无目标;没有目标的算不出完成率"),
        "calm",
        len(rows),
        False,
        reverse("admin:projects_targetstatement_changelist"),
        None,
        tuple(
            Example(row.name, str(row.category), f"{add}?{urlencode({'indicator': row.pk})}")
            for row in rows[:_SHOWN]
        ),
    )


def _contradictions(access: Access, programme: Programme) -> Task:
    found = [
        row for row in divergences(programme, Clocks(programme.cutoff), access=access).rows if row.flagged
    ]
    page = reverse("admin:projects_lightspan_divergence")
    examples = []
    for row in found[:_SHOWN]:
        points = row.difference.points if row.difference is not None else 0
        reason = gettext("上报比点位统计高 %(points).1f 个百分点") % {"points": points}
        examples.append(Example(f"{row.name_zh} · {row.division_zh}", reason, page))
    hint = _("上报进度远高于按点位统计的完成数,请核对")
    return Task(_("上报与点位对不上"), hint, "bad", len(found), False, page, None, tuple(examples))


def _named(row: Missing) -> str:
    return f"{row.name} · {row.division}" if row.division else row.name


def _last(row: Missing) -> str:
    if row.last is None:
        return gettext("从未报过")
    return gettext("最近一次 %(day)s") % {"day": row.last.isoformat()}


def _prefilled(word: str, row: Missing, month: dt.date) -> str:
    words: dict[str, str | int] = {word: row.subject_id, "as_of": month.isoformat()}
    if row.division_id is not None and word == "indicator":
        words["division"] = row.division_id
    return urlencode(words)
