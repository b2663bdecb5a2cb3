"""Check or apply one handed-in file: what a page starts, and what an operator may start again by hand.

Exit status 0: done (what is wrong with the file is kept with it); 1: refused, nothing was written; 2: could
not run, or somebody else is at it.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.exchange.stagedwork import AlreadyRunning, Superseded, Work, begin, run
from projects.models import StagedImport, User
from projects.models.access import access_of


class Command(BaseCommand):
    help = "检查或写入一个已上传的文件(由页面启动;中断后也可以手工再启动)。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, metavar="ID", help="待导入文件的编号")
        parser.add_argument("work", choices=[work.value for work in Work])
        parser.add_argument("--by", type=int, metavar="USER_ID", help="以谁的身份(用户编号);缺省:上传人")
        parser.add_argument("--attempt", default="", help="由页面给出")

    def handle(self, *args: Any, **options: Any) -> None:
        staged = StagedImport.objects.filter(pk=options["number"]).first()
        if staged is None:
            raise CommandError(_("没有这个待导入的文件。"), returncode=2)
        user = User.objects.get(pk=options["by"] or staged.uploaded_by_id)
        work = Work(options["work"])
        try:
            attempt = options["attempt"] or begin(staged.pk, work)
            run(staged.pk, work, attempt, access_of(user, timezone.localdate()))
        except (AlreadyRunning, Superseded) as problem:
            raise CommandError(_("这个文件正由另一个进程处理。"), returncode=2) from problem
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        except DatabaseError as problem:
            raise CommandError(
                _("数据库正忙,没有写入任何数据;请稍后再试(%(problem)s)。") % {"problem": problem},
                returncode=2,
            ) from problem
        staged.refresh_from_db()
        self.stdout.write(f"{staged.pk} {staged.state} {staged.error}".rstrip())
