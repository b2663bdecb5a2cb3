"""Let go of handed-in files that were not applied. Exit status 0: done; 2: could not run."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.exchange.stagedtidy import tidy
from projects.exchange.staging import KEPT_DAYS


class Command(BaseCommand):
    help = "清理上传后没有导入的文件(已导入的文件是凭据,一直保留);可每天运行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=KEPT_DAYS, metavar="N", help=f"多少天以前上传的({KEPT_DAYS})"
        )
        parser.add_argument("--dry-run", action="store_true", help="只说有多少,不清理")
        parser.add_argument("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] < 1:
            raise CommandError(_("--days 至少为 1。"), returncode=2)
        found = tidy(options["days"], is_rehearsal=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found)))
            return
        self.stdout.write(
            _("没有导入的文件 %(removed)d 个,已导入文件的明细 %(plans)d 份,没有传完的文件 %(halves)d 个。")
            % asdict(found)
        )
