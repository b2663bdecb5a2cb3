"""Import the phases of a capital programme from a spreadsheet: all is checked first, then written or nothing.

Exit status 0: done (or clean, with --dry-run); 1: errors, nothing was written; 2: could not run.
"""

import datetime as dt
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from projects.exchange.findings import check_report_path, write_report
from projects.exchange.importjob import Status
from projects.exchange.options import read_mapping, template_columns
from projects.exchange.phasejob import PhaseOutcome, run_phase_import
from projects.exchange.phaseoptions import (
    UNITS,
    PhaseImportOptions,
    read_allow,
    read_cells,
    read_done_words,
)
from projects.exchange.phaseworld import find_programme
from projects.exchange.problems import OptionError
from projects.exchange.readers import MAX_MEGABYTES, MAX_ROWS, UnsupportedFormat
from projects.management.outcomes import SHOWN, access_by_name, plain_reason, print_findings
from projects.permissions.access import Permission, Target, may

_STATUS: Final = {Status.APPLIED: 0, Status.CLEAN: 0, Status.UNCHANGED: 0, Status.REFUSED: 1}


class Command(BaseCommand):
    help = (
        "从表格文件(xlsx、csv)导入项目的阶段(计划和实际日期、预算、支出):"
        "先全部检查,要么全部写入,要么一行不写。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("file", type=Path, metavar="FILE", help=".xlsx、.xls、.ods、.csv、.tsv(后两种可以是 .gz)")
        add("--programme", required=True, metavar="KEY", help="归入哪个年度,例如 330200-2024")
        add("--actor", required=True, metavar="USER", help="以谁的身份导入(须能修改年度实事)")
        add("--map", action="append", default=[], metavar="field=column", help="字段取自哪一列,可多次给出")
        add(
            "--project-from",
            action="append",
            nargs="+",
            default=[],
            metavar="COLUMN",
            help="哪几列合起来是一个项目",
        )
        add(
            "--project-name-from",
            default="",
            metavar="TEMPLATE",
            help="项目名称由几列拼成,例如 '{School} {Work}'",
        )
        add("--indicator", default="", metavar="CODE", help="没有项目时,阶段都归到这个指标")
        add(
            "--category",
            default="",
            metavar="COLUMN|SLUG|SLUG=NAME",
            help="项目归入哪个类:列、已有的代码,或新建",
        )
        add(
            "--code",
            default="generated",
            metavar="COLUMN[,COLUMN]|generated",
            help="阶段的固定代码取自哪几列",
        )
        add(
            "--duplicates",
            choices=["refuse", "number"],
            default="refuse",
            help="同一代码的几行:拒绝,或按先后编号",
        )
        add(
            "--blank",
            action="append",
            default=[],
            metavar="WORD,WORD=meaning",
            help="日期、金额格里的词是什么意思:not_started、not_applicable、unknown,可多次给出",
        )
        add("--done-status", action="append", default=[], metavar="WORD,WORD", help="状态列里表示已完成的词")
        add(
            "--date-format",
            action="append",
            default=[],
            metavar="F",
            help="例如 MM/DD/YYYY、%%d.%%m.%%Y,可多次给出",
        )
        add("--currency", default="CNY", metavar="CNY|USD|...", help="金额的币种,缺省 CNY")
        add("--money-unit", default="1", metavar="UNIT", help=f"金额的单位:{'、'.join(UNITS)}")
        add(
            "--as-of",
            type=dt.date.fromisoformat,
            metavar="D",
            help="文件说的是哪一天为止的情况;缺省为数据截止日,不晚于今天",
        )
        add(
            "--allow",
            action="append",
            default=[],
            metavar="order,future,negative",
            help="照原文收下的矛盾,可多次给出",
        )
        add("--sheet", metavar="S", help="工作表的名称,或第几个;缺省为唯一有内容的那个")
        add("--header-row", type=int, metavar="N", help="表头在第几行;缺省自动识别(标题行、两行表头)")
        add("--encoding", metavar="E", help="文件编码;缺省自动识别 UTF-8、UTF-16、GB18030")
        add(
            "--max-mb",
            type=int,
            default=MAX_MEGABYTES,
            metavar="N",
            help=f"文件大小上限,缺省 {MAX_MEGABYTES}",
        )
        add("--max-rows", type=int, default=MAX_ROWS, metavar="N", help=f"行数上限,缺省 {MAX_ROWS}")
        add("--dry-run", action="store_true", help="照样检查,但不写入")
        add("--report", type=Path, metavar="OUT.xlsx|.csv", help="把全部问题按行写成表格")
        add("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json: bool = options["json"]
        try:
            outcome = self._run(options, as_json)
            if options["report"]:
                write_report(options["report"], outcome.problems)
        except (OptionError, UnsupportedFormat, OSError) as problem:
            raise CommandError(plain_reason(problem), returncode=2) from problem
        except OperationalError as problem:
            raise CommandError(
                _("数据库正忙,没有写入任何数据;请稍后再试(%(problem)s)。") % {"problem": problem},
                returncode=2,
            ) from problem
        if as_json:
            self.stdout.write(json.dumps(outcome.as_dict(), ensure_ascii=False, indent=1))
        else:
            self._print(outcome, options)
        if _STATUS[outcome.status]:
            raise SystemExit(_STATUS[outcome.status])

    def _run(self, options: dict[str, Any], as_json: bool) -> PhaseOutcome:
        if options["report"]:
            check_report_path(options["report"])
        actor = access_by_name(options["actor"])
        if not may(actor, Permission.PROGRAMME_CHANGE, Target()):
            raise OptionError(_("用户 %(name)s 没有修改年度实事的权限。") % {"name": options["actor"]})
        today = timezone.localdate()
        template_columns(options["project_name_from"])
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(
            *columns, console=console, transient=True, disable=as_json or not console.is_terminal
        ) as bar:
            task = bar.add_task(_("写入"), total=None)
            return run_phase_import(
                options["file"],
                _read_options(options, today),
                programme=options["programme"],
                access=actor,
                today=today,
                encoding=options["encoding"],
                sheet=options["sheet"],
                header_row=options["header_row"],
                max_megabytes=options["max_mb"],
                max_rows=options["max_rows"],
                is_dry_run=options["dry_run"],
                on_total=lambda total: bar.update(task, total=total),
                on_progress=lambda count: bar.advance(task, count),
            )

    def _print(self, outcome: PhaseOutcome, options: dict[str, Any]) -> None:
        out = self.stdout.write
        print_findings(out, outcome)
        for code, name in outcome.missing[:SHOWN]:
            out(_("以前导入过、这次文件里没有:%(name)s(%(code)s)。") % {"name": name, "code": code})
        if len(outcome.missing) > SHOWN:
            out(_("……共 %(count)d 个阶段这次文件里没有。") % {"count": len(outcome.missing)})
        if options["report"]:
            out(_("问题清单写在 %(path)s。") % {"path": options["report"]})
        out(
            _(
                "%(rows)d 行:新增 %(created)d,更新 %(updated)d,未变 %(unchanged)d;"
                "%(errors)d 个错误,%(warnings)d 个提示。"
            )
            % outcome.counts()
        )
        out(_verdict(outcome))


def _verdict(outcome: PhaseOutcome) -> str:
    match outcome.status:
        case Status.REFUSED:
            return _("文件有错误,没有写入任何数据;请改正后再导入。")
        case Status.CLEAN:
            return _("检查通过(--dry-run),没有写入任何数据。")
        case Status.UNCHANGED:
            return _("与系统中的数据相同,没有写入任何数据。")
    return _("已写入(批次 %(batch)d)。") % {"batch": outcome.batch or 0}


def _read_options(options: dict[str, Any], today: dt.date) -> PhaseImportOptions:
    allow = read_allow(options["allow"])
    as_of = options["as_of"] or min(find_programme(options["programme"]).cutoff, today)
    if as_of > today:
        raise OptionError(_("--as-of 不能晚于今天。"))
    return PhaseImportOptions(
        as_of=as_of,
        cells=read_cells(
            options["blank"], options["date_format"], options["currency"], options["money_unit"], allow
        ),
        mapping=read_mapping(options["map"]),
        project_from=[name for group in options["project_from"] for name in group],
        project_name=options["project_name_from"],
        indicator=options["indicator"],
        category=options["category"],
        code=options["code"],
        numbers_duplicates=options["duplicates"] == "number",
        allow=allow,
        done_words=read_done_words(options["done_status"]),
    )
