"""Is the audit chain whole?"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from projects.actions.chain import verify_chain

REASONS = {
    "gap": gettext_noop("缺少这一条"),
    "link": gettext_noop("没有接上前一条"),
    "content": gettext_noop("内容与哈希不符"),
    "head": gettext_noop("链尾与记录的末条不符(尾部被截去或改写)"),
}


class Command(BaseCommand):
    help = "核对审计链:完好退出码为 0;发现问题为 1,并指出第一条有问题的序号。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        report = verify_chain()
        if as_json:
            self.stdout.write(
                json.dumps({"entries": report.entries, "bad_seq": report.bad_seq, "reason": report.reason})
            )
        elif report.bad_seq is None:
            self.stdout.write(_("审计链完好:%(count)d 条。") % {"count": report.entries})
        else:
            self.stdout.write(
                _("审计链在第 %(seq)d 条出现问题:%(reason)s。")
                % {"seq": report.bad_seq, "reason": _(REASONS[report.reason])}
            )
        if report.bad_seq is not None:
            raise SystemExit(1)
