"""Late, delayed and overspent phases of a programme: counts with what they are made of, and the rows.

Exit status 0: done; 2: could not run.
"""

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.exchange.phaseworld import find_programme
from projects.exchange.problems import OptionError
from projects.models import LagPolicy
from projects.readmodels.clocks import Clocks, as_text, asked_moment, seq_at
from projects.readmodels.phasefigures import count_as_json, row_as_json
from projects.readmodels.phases import PhaseRow, PhaseTable, phase_table
from projects.readmodels.sitequeries import FilterError
from projects.rules.phases import FORMULAS, Count, Question
from projects.rules.policy import Policy, packaged

#: Options that choose rows: a row that any chosen question holds for.
_CHOICES: Final = {
    "late": Question.LATE,
    "delayed": Question.DELAYED,
    "late_start": Question.LATE_START,
    "finished_late": Question.FINISHED_LATE,
    "overspent": Question.OVERSPENT,
    "over_estimate": Question.OVER_ESTIMATE,
}


class _Words(dict[str, list[str]]):
    """A query string of one word, for the reader of moments."""

    def getlist(self, key: str) -> list[str]:
        return self.get(key, [])


class Command(BaseCommand):
    help = "阶段的逾期、延误、超支:每个数都说明分母、没有判断的行和算法。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--programme", required=True, metavar="KEY", help="例如 330200-2024")
        add("--as-of", type=dt.date.fromisoformat, metavar="D", help="截至日期,缺省为数据截止日")
        add("--known-at", default="", metavar="T", help="只用这一时刻之前录入的数据,例如 2024-07-15")
        add("--policy", default="", metavar="KEY", help="按哪一份亮灯规则判断延误;缺省为年度的规则")
        for name, question in _CHOICES.items():
            add(f"--{name.replace('_', '-')}", action="store_true", help=f"只列{question.term}的阶段")
        add("--rows", action="store_true", help="列出阶段,不只是计数")
        add("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            programme = find_programme(options["programme"])
            moment = asked_moment(_Words({"known_at": [options["known_at"]]}))
            policy = _policy(options["policy"]) if options["policy"] else None
        except OptionError as problem:
            raise CommandError(str(problem), returncode=2) from problem
        except FilterError as problem:
            raise CommandError(problem.message(), returncode=2) from problem
        clocks = Clocks(
            options["as_of"] or programme.cutoff, moment, None if moment is None else seq_at(moment)
        )
        table = phase_table(programme.pk, clocks, policy=policy)
        chosen = [question for name, question in _CHOICES.items() if options[name]]
        rows = [row for row in table.rows if not chosen or any(row.holds(each) for each in chosen)]
        wants_rows = options["rows"] or bool(chosen)
        if options["as_json"]:
            said = _as_json(programme.key, table, rows if wants_rows else None)
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=1))
            return
        self._print(programme.name_zh, table, chosen, rows if wants_rows else [])

    def _print(self, name: str, table: PhaseTable, chosen: list[Question], rows: list[PhaseRow]) -> None:
        out = self.stdout.write
        out(
            _("%(name)s  截至 %(day)s  阶段 %(count)d 个  规则 %(policy)s")
            % {
                "name": name,
                "day": table.clocks.as_of,
                "count": len(table.rows),
                "policy": f"{table.policy.key} v{table.policy.version}",
            }
        )
        for row in table.counts:
            if not chosen or row.question in chosen:
                out(_count_line(row))
                out("    " + _(FORMULAS[row.question]))
        for each in rows:
            out(_row_line(each))


def _policy(key: str) -> Policy:
    """A stored policy (its newest version) or a packaged one."""
    stored = LagPolicy.objects.filter(key=key, deleted_seq__isnull=True).order_by("version").last()
    if stored is not None:
        return Policy.from_json(stored.rules)
    try:
        return packaged(key)
    except KeyError:
        raise OptionError(_("没有亮灯规则 %(key)s。") % {"key": key}) from None


def _count_line(row: Count) -> str:
    line = _("%(question)s:%(yes)s / 能判断 %(judged)d") % {
        "question": _(row.question.term),
        "yes": row.yes if row.judged else "–",
        "judged": row.judged,
    }
    if row.outside:
        line += _(";不在此列 %(count)d") % {"count": row.outside}
    for (why, word), count in sorted(row.unknown.items(), key=lambda item: -item[1]):
        reason = _(why.term) + (f"({word})" if word else "")
        line += _(";%(reason)s %(count)d") % {"reason": reason, "count": count}
    return line


def _row_line(row: PhaseRow) -> str:
    facts = row.facts
    days = row.days_late
    parts = [
        row.project_zh or row.indicator or "",
        row.name_zh,
        f"{_('应完成')} {facts.baseline_due or '–'}",
        f"{_('实际完成')} {facts.met_on or facts.gap('met_on').word or '–'}",
    ]
    if days is not None:
        parts.append(_("逾期 %(days)d 天") % {"days": days})
    parts.append(f"{_('预算')} {_money(facts.budget)} / {_('已支出')} {_money(facts.spent)} {row.currency}")
    return "  " + " · ".join(parts)


def _money(amount: object) -> str:
    return "–" if amount is None else f"{amount:,.2f}"


def _as_json(key: str, table: PhaseTable, rows: list[PhaseRow] | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "programme": key,
        "as_of": table.clocks.as_of.isoformat(),
        "known_at": as_text(table.clocks.known_at) if table.clocks.known_at else None,
        "policy": {"key": table.policy.key, "version": table.policy.version},
        "phases": len(table.rows),
        "counts": {row.question.value: count_as_json(row) for row in table.counts},
    }
    if rows is not None:
        said["rows"] = [row_as_json(row) for row in rows]
    return said
