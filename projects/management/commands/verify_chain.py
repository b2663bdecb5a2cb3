"""Is the audit chain whole, is it the one that was signed, and does it prove the rows that are there?"""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from projects.actions.chain import ChainReport, verify_chain
from projects.management.checkpointfiles import contradicted, explained, given_lines, own_lines
from projects.models import AuditEntry
from projects.rules.checkpoints import RESTORE, CheckpointError, Line

REASONS: Final = {
    "gap": gettext_noop("缺少这一条"),
    "link": gettext_noop("没有接上前一条"),
    "content": gettext_noop("内容与哈希不符"),
    "head": gettext_noop("链尾与记录的末条不符(尾部被截去或改写)"),
    "checkpoint": gettext_noop("与已签署的校验点不符(审计链从这里起被整段改写)"),
    "cut": gettext_noop("已签署的校验点之后的尾部被截去"),
    "checkpoint-file": gettext_noop("校验点文件与数据库中的副本不一致"),
    "row-changed": gettext_noop("这条记录在审计链之外被改动"),
    "row-gone": gettext_noop("这条记录在审计链之外被删除"),
    "row-extra": gettext_noop("这条记录不是经由系统写入的"),
    "row-moved": gettext_noop("这条记录的变更序号被改动"),
    "rows-changed": gettext_noop("这一批记录在审计链之外被改动"),
    "row-unanchored": gettext_noop("审计链还没有证明这条记录"),
}


class Command(BaseCommand):
    help = "核对审计链、校验点和现有记录:完好退出码为 0;发现问题为 1,并指出第一条有问题的序号。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--json", action="store_true", dest="as_json", help="输出 JSON")
        add("--entries-only", action="store_true", help="只核对审计链本身,不核对现有记录")
        add(
            "--public-key", action="append", type=Path, default=[], metavar="FILE", help="公钥文件,可多次给出"
        )
        add("--checkpoints", type=Path, metavar="FILE", help="校验点文件(与 --public-key 一起用)")

    def handle(self, *args: Any, as_json: bool, entries_only: bool, **options: Any) -> None:
        keys, file = options["public_key"], options["checkpoints"]
        if bool(keys) != bool(file):
            raise CommandError(_("--public-key 与 --checkpoints 要一起给出。"), returncode=2)
        lines = self._lines(keys, file)
        different = contradicted(lines, is_own=file is None)
        if different is not None:
            report = ChainReport(0, reason="checkpoint-file", bad_seq=different)
        else:
            with _progress(show=options["verbosity"] > 0 and not as_json) as tell:
                report = verify_chain(lines=lines, with_rows=not entries_only, on_progress=tell)
        self.stdout.write(as_data(report, lines) if as_json else as_text(report, lines))
        if report.bad_seq is not None:
            raise SystemExit(1)

    def _lines(self, keys: list[Path], file: Path | None) -> list[Line]:
        try:
            return given_lines(keys, file) if file is not None else own_lines()
        except CheckpointError as problem:
            path = file or settings.AUDIT_CHECKPOINT_FILE
            raise CommandError(explained(problem, path), returncode=1) from problem
        except OSError as problem:
            raise CommandError(
                _("读不到 %(path)s。没有它就不能核对校验点。") % {"path": problem.filename}, returncode=2
            ) from problem


def as_data(report: ChainReport, lines: list[Line]) -> str:
    """The report as JSON."""
    return json.dumps(
        {
            "entries": report.entries,
            "bad_seq": report.bad_seq,
            "reason": report.reason,
            "until": report.until,
            "subject": report.subject,
            "rows": report.rows,
            "bad_rows": report.bad_rows,
            "checkpoints": report.checkpoints,
            "restores": [line.line for line in lines if line.kind == RESTORE],
            "findings": [
                {"subject": each.subject, "last_seq": each.seq, "reason": each.reason}
                for each in report.findings
            ],
        }
    )


def as_text(report: ChainReport, lines: list[Line]) -> str:
    """The report for a person, a line each."""
    said = [
        _("恢复备份:第 %(line)d 个校验点(%(time)s)声明审计链止于第 %(seq)d 条。%(note)s")
        % {"line": line.line, "time": line.time, "seq": line.seq, "note": line.note}
        for line in lines
        if line.kind == RESTORE
    ]
    if report.reason == "row-unanchored":
        said.append(
            _("审计链完好:%(count)d 条。有 %(rows)d 条早先的记录还没有证明:请运行 manage.py anchor_chain。")
            % {"count": report.entries, "rows": report.bad_rows}
        )
    elif report.findings:
        said += [
            _("%(subject)s(最后一条审计序号 %(seq)d):%(reason)s。")
            % {"subject": each.subject, "seq": each.seq, "reason": _(REASONS[each.reason])}
            for each in report.findings
        ]
        said.append(
            _("审计链 %(count)d 条完好,但现有 %(all)d 条记录中有 %(rows)d 条与它不符。")
            % {"count": report.entries, "all": report.rows, "rows": report.bad_rows}
        )
    elif report.reason == "checkpoint-file":
        said.append(
            _("校验点文件与数据库中的副本从第 %(line)d 行起不一致:文件或副本被改动。")
            % {"line": report.bad_seq}
        )
    elif report.bad_seq is not None:
        where = _("第 %(seq)d 条") % {"seq": report.bad_seq}
        if report.until is not None and report.until != report.bad_seq:
            where = _("第 %(seq)d 至 %(until)d 条之间") % {"seq": report.bad_seq, "until": report.until}
        said.append(
            _("审计链在%(where)s出现问题:%(reason)s。")
            % {"where": where, "reason": _(REASONS[report.reason])}
        )
    else:
        said.append(
            _("审计链完好:%(count)d 条,%(points)d 个校验点相符,%(rows)d 条现有记录与它一致。")
            % {"count": report.entries, "points": report.checkpoints, "rows": report.rows}
        )
    if not lines and report.reason != "checkpoint-file":
        said.append(_("没有校验点:整条链若被改写,这里看不出来(manage.py checkpoint)。"))
    return "\n".join(said)


@contextmanager
def _progress(*, show: bool) -> Iterator[Callable[[int], None] | None]:
    """A bar on a terminal: entries first, rows after."""
    console = Console(stderr=True)
    if not (show and console.is_terminal):
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        entries = AuditEntry.objects.values_list("seq", flat=True).order_by("-seq").first()
        task = progress.add_task(_("核对审计链"), total=entries or 0)
        rows = progress.add_task(_("核对现有记录"), total=None)

        def tell(count: int) -> None:
            is_done = progress.tasks[task].completed >= (entries or 0)
            progress.advance(rows if is_done else task, count)

        yield tell
