"""Take rows that the audit chain does not prove into it, as they are: after an upgrade, and for repairs."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.actions.anchoring import Accepted, anchor_chain
from projects.actions.errors import ActionError
from projects.management.commands.verify_chain import REASONS
from projects.models.access import system_access


class Command(BaseCommand):
    help = "把审计链还没有证明的现有记录按现状写入审计链(chain.anchor);--dry-run 只列出。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, metavar="TEXT", help="原因,写入审计链")
        parser.add_argument("--dry-run", action="store_true", help="只列出,不写入")
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(self, *args: Any, reason: str, dry_run: bool, as_json: bool, **options: Any) -> None:
        try:
            accepted = anchor_chain(access=system_access(), reason=reason, is_rehearsal=dry_run)
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        if as_json:
            self.stdout.write(
                json.dumps({"rows": accepted.rows, "entries": accepted.entries, "dry_run": dry_run})
            )
            return
        self._say(accepted, dry_run)

    def _say(self, accepted: Accepted, dry_run: bool) -> None:
        for kind, reasons in sorted(accepted.rows.items()):
            for reason, count in sorted(reasons.items()):
                self.stdout.write(f"{kind}  {count}  {_(REASONS[reason])}")
        if not accepted.count:
            self.stdout.write(_("每条现有记录都已有证明,没有写入。"))
        elif dry_run:
            self.stdout.write(_("共 %(count)d 条记录;没有写入(--dry-run)。") % {"count": accepted.count})
        else:
            self.stdout.write(
                _("%(count)d 条记录按现状写入审计链,共 %(entries)d 条审计记录。")
                % {"count": accepted.count, "entries": accepted.entries}
            )
