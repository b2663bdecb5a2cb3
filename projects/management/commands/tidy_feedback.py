"""Forget the contacts of feedback, some time after the answer. Exit status 0: done; 2: could not run."""

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.feedback import forget_contacts
from projects.rules.feedback import CONTACT_DAYS


class Command(BaseCommand):
    help = "答复满一定天数后,清除市民反馈中的联系方式(反馈和答复保留);可每天运行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=CONTACT_DAYS, metavar="N", help=f"答复多少天以后({CONTACT_DAYS})"
        )
        parser.add_argument("--dry-run", action="store_true", help="只说有多少,不清除")
        parser.add_argument("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= 36500:
            raise CommandError(_("--days 至少为 1,至多为 36500。"), returncode=2)
        before = timezone.now() - dt.timedelta(days=options["days"])
        found = forget_contacts(before=before, is_rehearsal=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps({"contacts": found}))
            return
        self.stdout.write(_("联系方式 %(count)d 条。") % {"count": found})
