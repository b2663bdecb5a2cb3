"""Load the holidays and make-up working days of a year, in place of what was loaded for it before.

Exit status 0: stored, or there already; 1: the file or the rules refuse it; 2: could not run.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.calendar import load_holidays
from projects.actions.errors import ActionError
from projects.exchange.holidays import read_holidays
from projects.models import User
from projects.models.access import access_of
from projects.rules.errors import RuleError
from projects.rules.vocabulary import DayKind

MAX_BYTES: Final = 1 << 20


class Command(BaseCommand):
    help = "载入一年的节假日和调休(CSV:日期、休或班、名称);替换这一年原来的表。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("file", type=Path, metavar="FILE", help="CSV 文件,第一行 date,kind,name 或 日期,类别,名称")
        add("--year", type=int, required=True, metavar="Y", help="哪一年")
        add("--actor", required=True, metavar="USER", help="由谁载入(用户名)")
        add("--source", default="", metavar="TEXT", help="依据,例如通知的文号")
        add("--reason", default="", metavar="TEXT", help="替换这一年已有的表时,须写明原因")
        add("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["actor"], is_active=True).first()
        if user is None:
            raise CommandError(_("没有可用的用户 %(name)s。") % {"name": options["actor"]}, returncode=2)
        try:
            row = load_holidays(
                access=access_of(user, timezone.localdate()),
                year=options["year"],
                days=read_holidays(_bytes(options["file"]), options["year"]),
                source=options["source"],
                reason=options["reason"],
            )
        except RuleError as problem:
            raise CommandError(_(problem.msgid).format(**problem.params), returncode=1) from problem
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        except OperationalError as problem:
            raise CommandError(
                _("数据库正忙,没有写入任何数据;请稍后再试(%(problem)s)。") % {"problem": problem},
                returncode=2,
            ) from problem
        kinds = [special.kind for special in row.special_days()]
        told = {"year": row.year, "rest": kinds.count(DayKind.REST), "work": kinds.count(DayKind.WORK)}
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write(_("%(year)d 年:休 %(rest)d 天,班 %(work)d 天。") % told)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CommandError(_("文件太大,不像是一年的节假日表。"), returncode=1)
        return path.read_bytes()
    except OSError as problem:
        raise CommandError(
            _("读写 %(path)s 失败:%(reason)s。") % {"path": path, "reason": problem.strerror}, returncode=2
        ) from problem
