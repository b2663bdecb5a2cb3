"""Supervision orders on a day, for a list or a nightly reminder."""

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.models import Division, SupervisionOrder
from projects.readmodels.orders import Standing, standings, today
from projects.rules.orders import OPEN
from projects.rules.vocabulary import Due


class Command(BaseCommand):
    help = "督办单:截至某日还没有办结的。退出码 0;其中有超期的为 1;没有这个区划为 2。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--district", metavar="CODE", default="", help="承办区划及其下级,例如 330203")
        parser.add_argument("--overdue", action="store_true", help="只列超期的")
        parser.add_argument("--all", action="store_true", dest="everything", help="连同已销号和已撤销的")
        parser.add_argument("--as-of", type=dt.date.fromisoformat, metavar="DATE", help="截至日期,默认为今天")
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(
        self,
        *args: Any,
        district: str,
        overdue: bool,
        everything: bool,
        as_of: dt.date | None,
        as_json: bool,
        **options: Any,
    ) -> None:
        day = as_of or today()
        rows = SupervisionOrder.objects.order_by("year", "serial", "pk")
        if district:
            division = Division.objects.live().filter(code=district).first()
            if division is None:
                raise CommandError(_("没有区划 %(code)s。") % {"code": district}, returncode=2)
            rows = rows.filter(
                division__tree_left__gte=division.tree_left, division__tree_left__lte=division.tree_right
            )
        found = [row for row in standings(rows, day) if everything or row.position.state in OPEN]
        late = sum(row.due is Due.OVERDUE for row in found)
        shown = [row for row in found if row.due is Due.OVERDUE] if overdue else found
        if as_json:
            told = {
                "as_of": day.isoformat(),
                "count": len(shown),
                "overdue": late,
                "orders": [_json(row) for row in shown],
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            for row in shown:
                self.stdout.write(_line(row))
            self.stdout.write(
                _("截至 %(day)s:%(count)d 份,其中超期 %(late)d 份。")
                % {"day": day, "count": len(shown), "late": late}
            )
        if late:
            raise SystemExit(1)


def _line(row: Standing) -> str:
    order, position = row.order, row.position
    parts = [
        order.number,
        _(position.grade.term),
        _(position.state.term),
        order.addressee,
        order.subject,
        _("反馈期限 %(day)s") % {"day": position.report_by},
    ]
    if row.due is Due.OVERDUE:
        parts.append(_("超期 %(days)d 天") % {"days": row.late_days})
    elif row.due is Due.SOON:
        parts.append(_("临近期限"))
    if order.is_demo:
        parts.append(_("演示"))
    return "  ".join(parts)


def _json(row: Standing) -> dict[str, object]:
    order, position = row.order, row.position
    return {
        "number": order.number,
        "programme": order.programme.key,
        "grade": position.grade.value,
        "state": position.state.value,
        "division": order.division.code if order.division is not None else None,
        "department": order.department.code if order.department is not None else None,
        "site": order.site.code if order.site is not None else None,
        "indicator": order.indicator.code if order.indicator is not None else None,
        "phase": order.phase.code if order.phase is not None else None,
        "subject": order.subject,
        "sign_by": position.sign_by.isoformat(),
        "report_by": position.report_by.isoformat(),
        "wanted_on": position.wanted_on.isoformat() if position.wanted_on else None,
        "due": row.due.value or None,
        "late_days": row.late_days,
        "is_demo": order.is_demo,
    }
