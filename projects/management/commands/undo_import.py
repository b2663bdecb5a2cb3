"""Undo an import of sites: a new batch takes back what the batch did, all or nothing.

Exit status 0: done (or, with --dry-run, could be done); 1: refused, nothing was written; 2: could not run.
"""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.actions.undoing import undo_batch
from projects.exchange.importjob import WRITE
from projects.exchange.problems import OptionError
from projects.management.bars import progress_bar
from projects.management.outcomes import SHOWN, access_by_name
from projects.models import ImportBatch


class Command(BaseCommand):
    help = "撤销一个导入批次:新增的点位移除(历史保留),改动的字段恢复原值;要么全部,要么不写。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--batch", type=int, required=True, metavar="N", help="要撤销的批次")
        add("--actor", required=True, metavar="USER", help="以谁的身份(用户名)")
        add("--reason", required=True, metavar="R", help="撤销原因,写入审计记录")
        add("--keep-changed", action="store_true", help="之后又有改动的点位保持现状,只撤销其余的")
        add("--dry-run", action="store_true", help="照样检查,但不写入")
        add("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            access = access_by_name(options["actor"])
            rows = ImportBatch.objects.filter(pk=options["batch"]).first()
            with progress_bar(quiet=options["json"]) as (on_phase, on_progress):
                on_phase(WRITE, None if rows is None else rows.created_count + rows.updated_count)
                undone = undo_batch(
                    access=access,
                    batch_id=options["batch"],
                    reason=options["reason"],
                    keep_changed=options["keep_changed"],
                    is_rehearsal=options["dry_run"],
                    on_progress=on_progress,
                )
        except OptionError as problem:
            raise CommandError(str(problem), returncode=2) from problem
        except ActionError as problem:
            if options["json"]:
                self.stdout.write(
                    json.dumps({"status": "refused", "sentence": str(problem)}, ensure_ascii=False, indent=1)
                )
                raise SystemExit(1) from problem
            raise CommandError(str(problem), returncode=1) from problem
        except OperationalError as problem:
            raise CommandError(
                _("数据库正忙,没有写入任何数据;请稍后再试(%(problem)s)。") % {"problem": problem},
                returncode=2,
            ) from problem
        if options["json"]:
            status = "clean" if options["dry_run"] else "undone"
            self.stdout.write(json.dumps({"status": status, **asdict(undone)}, ensure_ascii=False, indent=1))
            return
        for code in undone.kept[:SHOWN]:
            self.stdout.write(_("之后又有改动,保持现状:%(code)s。") % {"code": code})
        self.stdout.write(
            _("移除 %(removed)d,恢复 %(restored)d,改回 %(changed)d,保持现状 %(kept)d。")
            % {
                "removed": undone.removed,
                "restored": undone.restored,
                "changed": undone.changed_back,
                "kept": len(undone.kept),
            }
        )
        if options["dry_run"]:
            self.stdout.write(_("检查通过(--dry-run),没有写入任何数据。"))
        else:
            self.stdout.write(_("已撤销(批次 %(batch)d)。") % {"batch": undone.batch_id or 0})
