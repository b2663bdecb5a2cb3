"""Lights and months of everything in a programme that is no site, by both clocks."""

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict
from django.utils.translation import gettext as _

from projects.models import Programme
from projects.readmodels.clocks import Clocks, as_text, asked_moment, seq_at
from projects.readmodels.monthtables import MonthTable, month_tables
from projects.readmodels.sitequeries import FilterError
from projects.readmodels.subjectjson import light_json, months_json, verdict_json
from projects.readmodels.subjectlights import SubjectLight, explained, subject_lights


class Command(BaseCommand):
    help = "指标、区县、项目和资金的亮灯与月度结果;同样的 --as-of 和 --known-at 永远得到同样的回答。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--programme", required=True, metavar="KEY", help="例如 330200-2024")
        parser.add_argument(
            "--as-of", type=dt.date.fromisoformat, metavar="DATE", help="截至日期,默认为数据截止日"
        )
        parser.add_argument(
            "--known-at", metavar="MOMENT", default="", help="只用此刻之前录入的数据,默认为现在"
        )
        parser.add_argument(
            "--subject", default="", metavar="KEY", help="只列一个对象,例如 indicator:3:division:12"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(
        self,
        *args: Any,
        programme: str,
        as_of: dt.date | None,
        known_at: str,
        subject: str,
        as_json: bool,
        **options: Any,
    ) -> None:
        row = asked_programme(programme)
        clocks = clocks_of(row, as_of, known_at)
        lights = subject_lights(row.pk, clocks, access=None, subject=subject)
        tables = month_tables(row.pk, clocks, access=None, subjects=[subject] if subject else ())
        if subject and not lights:
            raise CommandError(
                _("没有对象“%(key)s”,或那一天还没有它的记录。") % {"key": subject}, returncode=2
            )
        if as_json:
            self.stdout.write(json.dumps(_json(row, clocks, lights, tables), ensure_ascii=False, indent=2))
            return
        self.stdout.write(f"{row.name_zh}  {_('截至')} {clocks.as_of}")
        for light in lights:
            self.stdout.write(_line(light))
        for table in tables:
            self._months(table)

    def _months(self, table: MonthTable) -> None:
        self.stdout.write(f"{_title(table)}  {_('月度结果')}")
        for row in table.rows:
            good = f"  {_('补上')} {row.made_good_on}" if row.made_good_on else ""
            due = "".join(f"  {out.zh}" for out in row.outputs)
            why = _(row.reason.term) if row.reason is not None else ""
            self.stdout.write(f"  {row.month:%Y-%m}  {_(row.light.term)}  {why}{good}{due}")
        if table.year is not None:
            due = "".join(f"  {out.zh}" for out in table.year.outputs)
            self.stdout.write(f"  {_('全年')}  {_('完成') if table.year.met else _('未完成')}{due}")


def asked_programme(key: str) -> Programme:
    """Published or not: who runs commands may see it. CommandError with 2 for one that is not there."""
    row = Programme.objects.filter(key=key, deleted_seq__isnull=True).select_related("policy").first()
    if row is None:
        raise CommandError(_("没有年度“%(key)s”。") % {"key": key}, returncode=2)
    return row


def clocks_of(programme: Programme, as_of: dt.date | None, known_at: str) -> Clocks:
    """Both clocks of a command. A day outside the programme's period is a day on which money may be judged
    still."""
    query = QueryDict(mutable=True)
    query["known_at"] = known_at
    try:
        moment = asked_moment(query)
    except FilterError as error:
        raise CommandError(error.message(), returncode=2) from None
    day = as_of or programme.cutoff
    return Clocks(day) if moment is None else Clocks(day, moment, seq_at(moment))


def _json(
    programme: Programme, clocks: Clocks, lights: list[SubjectLight], tables: list[MonthTable]
) -> dict[str, Any]:
    """Of a single subject with the figures behind its light."""
    answer: dict[str, Any] = {
        "programme": programme.key,
        "as_of": clocks.as_of.isoformat(),
        "known_at": as_text(clocks.known_at) if clocks.known_at else None,
        "lights": [light_json(row) for row in lights],
        "months": [months_json(table) for table in tables],
    }
    if len(lights) == 1:
        verdict = explained(lights[0].subject.key, clocks)
        answer["figures"] = None if verdict is None else verdict_json(verdict)
    return answer


def _title(table: MonthTable) -> str:
    named = table.subject
    return (
        f"{named.place_zh} {named.name_zh}" if named.place_zh and named.place != named.code else named.name_zh
    )


def _line(row: SubjectLight) -> str:
    named = row.subject
    where = f" {named.place_zh}" if named.place_zh and named.place != named.code else ""
    why = _(row.reason.term) if row.reason is not None else ""
    return (
        f"  {_(row.light.term)}  {_(named.kind.term)}{where} {named.name_zh}  {why}  "
        f"{row.since}..{row.until}  {named.key}"
    )
