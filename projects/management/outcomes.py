"""What the import commands share: who acts, how an outcome is told, why a run failed."""

from collections.abc import Callable
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from projects.exchange.findings import severity_word
from projects.exchange.importjob import ImportOutcome
from projects.exchange.problems import OptionError, Problem
from projects.models import User
from projects.models.access import access_of
from projects.permissions.access import Access

#: Problems, and rows that a file no longer has, that are listed on a screen.
SHOWN: Final = 50


def print_findings(out: Callable[[str], object], outcome: ImportOutcome) -> None:
    """Notes, then the first problems."""
    for note in outcome.notes:
        out(note)
    for problem in outcome.problems[:SHOWN]:
        out(_line(problem))
    if len(outcome.problems) > SHOWN:
        out(
            _("……还有 %(count)d 个问题没有列出;用 --report 文件.csv 得到全部。")
            % {"count": len(outcome.problems) - SHOWN}
        )


def _line(problem: Problem) -> str:
    parts = [severity_word(problem.severity)]
    if problem.row is not None:
        parts.append(_("第 %(row)d 行") % {"row": problem.row})
    if problem.label and problem.label not in problem.sentence:
        parts.append(problem.label)
    if problem.column:
        parts.append(problem.column)
    allowed = _("应为:%(allowed)s") % {"allowed": problem.allowed} if problem.allowed else ""
    return " · ".join(parts) + ":" + problem.sentence + allowed


def access_by_name(username: str) -> Access:
    """Raises OptionError for an unknown or inactive user."""
    user = User.objects.filter(username=username).first()
    if user is None or not user.is_active:
        raise OptionError(_("没有可用的用户 %(name)s。") % {"name": username})
    return access_of(user, timezone.localdate())


def plain_reason(problem: Exception) -> str:
    """An error as a sentence."""
    if isinstance(problem, FileNotFoundError):
        return _("找不到文件 %(path)s。") % {"path": problem.filename}
    if isinstance(problem, OSError):
        return _("读写 %(path)s 失败:%(reason)s。") % {"path": problem.filename, "reason": problem.strerror}
    return str(problem)
