"""Close a programme's figures through a month: from then on they change by an approved correction only."""

import calendar
import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.closing import close_period
from projects.actions.errors import ActionError
from projects.models import Programme, User
from projects.models.access import access_of


class Command(BaseCommand):
    help = "关账:某年度截至某月的数字从此只能经批准更正。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("programme", metavar="KEY", help="年度代码,例如 330200-2024")
        parser.add_argument("month", metavar="YYYY-MM", type=_month_end, help="要关的月份")
        parser.add_argument("--actor", required=True, metavar="USER", help="谁关账;须有关账权限")
        parser.add_argument("--note", default="", metavar="TEXT", help="说明")
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(
        self,
        *args: Any,
        programme: str,
        month: dt.date,
        actor: str,
        note: str,
        as_json: bool,
        **options: Any,
    ) -> None:
        row = Programme.objects.filter(key=programme, deleted_seq__isnull=True).first()
        user = User.objects.filter(username=actor, is_active=True).first()
        if row is None:
            raise CommandError(_("没有代码为 %(key)s 的年度。") % {"key": programme}, returncode=2)
        if user is None:
            raise CommandError(_("没有可用的用户 %(name)s。") % {"name": actor}, returncode=2)
        access = access_of(user, timezone.localdate())
        try:
            closed = close_period(access=access, programme=row, through=month, note=note)
        except ActionError as refusal:
            raise CommandError(str(refusal), returncode=1) from None
        except OperationalError:
            raise CommandError(_("系统正忙,请稍后再试。"), returncode=2) from None
        if as_json:
            told = {"programme": row.key, "through": month.isoformat(), "seq": closed.changed_seq}
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(
            _("%(key)s 已关账至 %(day)s。此前的数据只能提交更正申请,由另一人批准后改动。")
            % {"key": row.key, "day": month}
        )


def _month_end(text: str) -> dt.date:
    """The last day of `2024-06`. Raises ValueError."""
    first = dt.datetime.strptime(text, "%Y-%m").date()
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])
