"""Reported beside counted progress, and where they are far apart."""

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from projects.management.commands.lights import asked_programme, clocks_of
from projects.readmodels.clocks import as_text
from projects.readmodels.divergences import Compared, divergences
from projects.readmodels.subjectjson import comparison_json
from projects.rules.funding import to_digits


class Command(BaseCommand):
    help = "上报进度与点位统计对照:相差达到规则界限的作标记。退出码 0;没有这个年度为 2。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--programme", required=True, metavar="KEY", help="例如 330200-2024")
        parser.add_argument(
            "--as-of", type=dt.date.fromisoformat, metavar="DATE", help="截至日期,默认为数据截止日"
        )
        parser.add_argument(
            "--known-at", metavar="MOMENT", default="", help="只用此刻之前录入的数据,默认为现在"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(
        self,
        *args: Any,
        programme: str,
        as_of: dt.date | None,
        known_at: str,
        as_json: bool,
        **options: Any,
    ) -> None:
        row = asked_programme(programme)
        clocks = clocks_of(row, as_of, known_at)
        found = divergences(row, clocks)
        if as_json:
            answer = {
                "programme": row.key,
                "as_of": clocks.as_of.isoformat(),
                "known_at": as_text(clocks.known_at) if clocks.known_at else None,
                **comparison_json(found),
            }
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
            return
        self.stdout.write(f"{row.name_zh}  {_('截至')} {clocks.as_of}")
        if not found.rows:
            self.stdout.write(_("没有可对照的上报。"))
        for compared in found.rows:
            self.stdout.write(_line(compared))


def _line(row: Compared) -> str:
    said = _("上报 %(said)s,点位统计 %(counted)s") % {
        "said": _percent(row.reported_percent),
        "counted": _percent(row.counted_percent),
    }
    apart = ""
    if row.difference is not None:
        apart = _(",相差 %(points)s 个百分点") % {"points": to_digits(row.difference.points)}
    mark = f"  {_('相差过大')}" if row.flagged else ""
    return f"  {row.division_zh} {row.name_zh}  {said}{apart}{mark}"


def _percent(value: Any) -> str:
    return "–" if value is None else f"{to_digits(value)} %"
