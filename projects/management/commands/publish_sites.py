"""Publish what an import brought in: the second person's step.

Exit status 0: done; 1: refused; 2: could not run.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.actions.publishing import publish_batch
from projects.models import User
from projects.models.access import access_of


class Command(BaseCommand):
    help = "发布一个导入批次的点位:须由导入人以外、有发布权限的人进行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, required=True, metavar="N", help="导入批次的编号")
        parser.add_argument("--actor", required=True, metavar="USER", help="由谁发布(用户名)")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["actor"], is_active=True).first()
        if user is None:
            raise CommandError(_("没有可用的用户 %(name)s。") % {"name": options["actor"]}, returncode=2)
        try:
            count = publish_batch(access=access_of(user, timezone.localdate()), batch_id=options["batch"])
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        except OperationalError as problem:
            raise CommandError(
                _("数据库正忙,没有写入任何数据;请稍后再试(%(problem)s)。") % {"problem": problem},
                returncode=2,
            ) from problem
        self.stdout.write(_("已发布 %(count)d 个点位。") % {"count": count})
