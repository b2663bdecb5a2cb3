"""Make all maintained figures anew from the facts, and say what differed."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from projects.actions.figures import Rebuilt, rebuild_figures
from projects.models.access import system_access

#: So many of each are printed; --json prints all.
_SHOWN = 20


class Command(BaseCommand):
    help = "由点位记录重新计算全部统计数字;原来都对退出码为 0,有不同为 1(已改正),并列出不同之处。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出一个 JSON 对象")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        found = rebuild_figures(access=system_access(), reason="rebuild_figures")
        if as_json:
            self.stdout.write(json.dumps(_as_json(found), ensure_ascii=False))
        else:
            self._say(found)
        if found.sites or found.cells or found.subjects:
            raise SystemExit(1)

    def _say(self, found: Rebuilt) -> None:
        if not (found.sites or found.cells or found.subjects):
            self.stdout.write(_("统计数字与点位记录一致,没有改动。"))
            return
        self.stdout.write(
            _("已重新计算:%(sites)d 个点位、%(cells)d 项汇总、%(subjects)d 个亮灯对象与记录不符。")
            % {"sites": len(found.sites), "cells": len(found.cells), "subjects": len(found.subjects)}
        )
        for code in found.sites[:_SHOWN]:
            self.stdout.write(f"  {code}")
        for cell in found.cells[:_SHOWN]:
            self.stdout.write(f"  {cell.programme} {cell.day} {cell.unit}:{cell.unit_id} {cell.division}")
        for key in found.subjects[:_SHOWN]:
            self.stdout.write(f"  {key}")


def _as_json(found: Rebuilt) -> dict[str, Any]:
    return {
        "sites": list(found.sites),
        "cells": [
            {
                "programme": cell.programme,
                "day": cell.day,
                "unit": cell.unit,
                "unit_id": cell.unit_id,
                "division": cell.division,
            }
            for cell in found.cells
        ],
        "subjects": list(found.subjects),
    }
