"""Recording what a satisfaction vote (满意度测评) came to. Appended, never edited."""

from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import closing
from projects.actions.errors import Invalid
from projects.actions.rows import save_row
from projects.models import SatisfactionVote
from projects.permissions.access import Access, Permission
from projects.rules.errors import RuleError


@closing.correctable
def record_vote(*, access: Access, row: SatisfactionVote, reason: str = "") -> SatisfactionVote:
    """Record a vote, or a correction of one. Raises NotAllowed, PeriodClosed.

    Invalid: a day in the future, votes that cannot be, a category or indicator of another programme, a
    correction without a reason, of another programme's vote or of one that is corrected already.
    """
    if row.held_on > timezone.localdate():
        raise Invalid({"held_on": _("测评日期不能晚于今天。")})
    for part in (row.category, row.indicator.category if row.indicator is not None else None):
        if part is not None and part.programme_id != row.programme_id:
            raise Invalid({"programme": _("测评所说的类或指标不在这个年度。")})
    try:
        row.result  # noqa: B018 (asked for its refusals)
    except RuleError as problem:
        raise Invalid({"": _(problem.msgid).format(**problem.params)}) from problem
    except (TypeError, ValueError):
        pass  # a number or the base is missing: the model's own validation names the field
    corrected = None
    if row.corrects_id is not None:
        corrected = SatisfactionVote.objects.get(pk=row.corrects_id)
        if corrected.programme_id != row.programme_id:
            raise Invalid({"corrects": _("被更正的测评不属于这个年度。")})
        if corrected.corrections.exists():
            raise Invalid({"corrects": _("这次测评已经更正过,请更正最新的那一条。")})
        if not row.correction_reason.strip():
            raise Invalid({"correction_reason": _("更正须写明原因。")})
    days = (row.held_on, corrected.held_on if corrected is not None else None)
    return save_row(
        access=access,
        row=row,
        permission=Permission.PROGRAMME_CHANGE,
        reason=reason,
        guard=lambda stored: closing.ask([row.programme_id], *days),
    )
