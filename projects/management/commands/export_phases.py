"""Export the phases of a programme as CSV that import_phases reads back unchanged.

Exit status 0: done; 2: could not run.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.exchange.phaseexport import check_phase_path, export_phases
from projects.exchange.phaseworld import find_programme
from projects.exchange.problems import OptionError
from projects.management.outcomes import plain_reason


class Command(BaseCommand):
    help = "把一个年度的阶段导出为 CSV;import_phases 可原样读回。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="OUT", help=".csv")
        parser.add_argument("--programme", required=True, metavar="KEY", help="例如 330200-2024")
        parser.add_argument(
            "--indicator", default="", metavar="CODE", help="只导出属于这个指标的阶段;缺省为各项目的"
        )
        parser.add_argument("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            check_phase_path(path)
            done = export_phases(path, find_programme(options["programme"]), indicator=options["indicator"])
        except (OptionError, OSError) as problem:
            raise CommandError(plain_reason(problem), returncode=2) from problem
        if options["json"]:
            said = {"file": str(path), "phases": done.phases, "read_back": done.read_back}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            return
        self.stdout.write(_("%(count)d 个阶段写入 %(path)s。") % {"count": done.phases, "path": path})
        self.stdout.write(
            _("读回:import_phases %(path)s %(options)s")
            % {"path": path, "options": f"--actor USER {done.read_back}"}
        )
