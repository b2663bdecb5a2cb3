"""Do the rows agree with each other?"""

import json
from argparse import ArgumentParser
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from projects.actions.figures import broken_figures, broken_subject_lights
from projects.readmodels.invariants import broken_invariants


class Command(BaseCommand):
    help = "核对跨行的数据约束:全部成立退出码为 0,否则为 1,逐条列出。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="每行一个 JSON 对象")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        count = 0
        for broken in chain(broken_invariants(), broken_figures(), broken_subject_lights()):
            count += 1
            sentence = _(broken.template) % broken.params
            if as_json:
                self.stdout.write(
                    json.dumps(
                        {"invariant": broken.invariant, "subject": broken.subject, "detail": sentence},
                        ensure_ascii=False,
                    )
                )
            else:
                self.stdout.write(sentence)
        if count:
            raise SystemExit(1)
        if not as_json:
            self.stdout.write(_("数据约束全部成立。"))
