"""Draw a round again from its stored frame and published seed, and compare.

Exit status 0: the same; 1: a difference; 2: could not run.
"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.models import Sample
from projects.readmodels.samples import checked_again


class Command(BaseCommand):
    help = "按存下的抽样框和公布的种子重算一轮抽样;有出入以状态 1 结束。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sample", metavar="NAME|ID", help="轮次名称或编号")
        parser.add_argument("--json", action="store_true", dest="as_json", help="结果写成 JSON")

    def handle(self, *args: Any, sample: str, as_json: bool, **options: Any) -> None:
        row = _found(sample)
        if row.drawn_at is None:
            raise CommandError(_("这一轮还没有抽样。"), returncode=2)
        wrong = checked_again(row)
        if as_json:
            self.stdout.write(
                json.dumps(
                    {"id": row.pk, "name": row.name, "ok": not wrong, "wrong": wrong}, ensure_ascii=False
                )
            )
            if wrong:
                raise CommandError(_("重算结果与存下的不一致。"), returncode=1)
            return
        if wrong:
            raise CommandError("\n".join(wrong), returncode=1)
        self.stdout.write(
            _("“%(name)s”重算一致:抽样框 %(count)d 个点位,抽中 %(drawn)d 个。")
            % {"name": row.name, "count": row.frame_size, "drawn": row.drawn_count}
        )


def _found(text: str) -> Sample:
    rows = Sample.objects.select_related("programme")
    named = list(rows.filter(name=text)[:2])
    if len(named) == 1:
        return named[0]
    if not named and text.isascii() and text.isdigit():
        row = rows.filter(pk=int(text)).first()
        if row is not None:
            return row
    said = _("有几轮叫这个名称,请用编号。") if named else _("没有这一轮抽样。")
    raise CommandError(said, returncode=2)
