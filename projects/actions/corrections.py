"""Corrections of a closed period: asked for by one person, decided by another, carried out by the same
action.

What was refused is tried first and taken back, so that only what would be right is asked for. Approved, the
very call runs as the person who asked, with both names in each audit entry.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import approvals, calls, ledger
from projects.actions.approvals import Approval, ClosedFact
from projects.actions.closing import CORRECTABLE
from projects.actions.errors import Invalid, NotAllowed, PeriodClosed
from projects.models import CorrectionRequest, Site, User
from projects.models.access import access_of
from projects.permissions.access import Access, Permission, Target, may
from projects.rules.vocabulary import Decision

#: Sites in one request: more than a person can judge at once is asked for in parts.
MOST_SITES: Final = 200
_LONGEST_SUBJECT: Final = 300
#: Arguments that belong to the attempt, not to what was to be written.
_LEFT_OUT: Final = frozenset({"access", "on_progress", "is_rehearsal"})


class _TakenBack(Exception):
    """Undoes what was tried."""


def request_correction(*, access: Access, refused: PeriodClosed, reason: str) -> CorrectionRequest:
    """Ask for what was refused because its period is closed. `refused` carries the call.

    Raises Invalid without a reason, for more than MOST_SITES sites, and when nothing closed is touched any
    more; and all that the action itself raises.
    """
    if refused.call is None or refused.call[0] not in CORRECTABLE:
        raise Invalid({"": _("这项操作不能作为更正提交,请与系统管理员联系。")})
    if not reason.strip():
        raise Invalid({"correction": _("请写明更正原因。")})
    if access.user_id is None:
        raise NotAllowed(_("请先登录。"))
    name, given = refused.call
    arguments = {key: value for key, value in given.items() if key not in _LEFT_OUT}
    if sum(len(value) for value in arguments.values() if isinstance(value, list | tuple)) > MOST_SITES:
        raise Invalid(
            {"": _("一次更正最多 %(most)d 个点位,请分批提交。") % {"most": MOST_SITES}},
        )
    payload = {key: calls.encode(value) for key, value in arguments.items()}
    with transaction.atomic():
        # What is kept is what runs later, so that is what is tried.
        fact = _tried(CORRECTABLE[name], access, payload)
        row = CorrectionRequest(
            programme_id=fact.programme_id,
            closed_through=fact.through,
            effective_on=fact.effective_on,
            action=name,
            subject=_subject(arguments)[:_LONGEST_SUBJECT],
            payload=payload,
            reason=reason.strip()[:500],
            requested_by_id=access.user_id,
        )
        with ledger.take(1, actor_id=access.user_id) as numbers:
            row.requested_at, row.changed_seq = numbers.recorded_at, numbers.first
            row.save()
            numbers.write([_entry(row, "request", row.reason)])
    return row


def approve_correction(*, access: Access, request_id: int, note: str = "") -> CorrectionRequest:
    """Carry a request out. Takes another person than the one who asked, with the right to close periods.

    Raises NotAllowed, Invalid when it was decided already, and what the action raises: a person who may not
    write it any more, a row that somebody else changed meanwhile. Then the request waits on.
    """
    with transaction.atomic():
        row = _waiting(access, request_id)
        asker = User.objects.get(pk=row.requested_by_id)
        approval = Approval(row.pk, requested_by=asker.pk, approved_by=access.user_id)
        with approvals.under(approval):
            CORRECTABLE[row.action](access=access_of(asker, timezone.localdate()), **_arguments(row.payload))
        return _decided(access, row, Decision.APPROVED, note)


def refuse_correction(*, access: Access, request_id: int, note: str) -> CorrectionRequest:
    """Refuse a request, with a note that says why; it is kept. Raises NotAllowed, Invalid."""
    if not note.strip():
        raise Invalid({"note": _("不批准须写明理由。")})
    with transaction.atomic():
        return _decided(access, _waiting(access, request_id), Decision.REFUSED, note)


def may_decide(access: Access, row: CorrectionRequest) -> bool:
    """Whether this person may decide it: not one's own."""
    return may(access, Permission.PERIOD_CLOSE, Target()) and access.user_id != row.requested_by_id


def _tried(action: Callable[..., Any], access: Access, payload: Mapping[str, Any]) -> ClosedFact:
    """Run the call and take it back; the earliest closed fact that it states."""
    try:
        with transaction.atomic(), approvals.under(Approval()) as attempt:
            action(access=access, **_arguments(payload))
            raise _TakenBack
    except _TakenBack:
        pass
    if not attempt.met:
        raise Invalid({"": _("这项改动不涉及已关账的期间,请直接保存。")})
    return min(attempt.met, key=lambda fact: fact.effective_on)


def _arguments(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {key: calls.decode(value) for key, value in payload.items()}


def _waiting(access: Access, request_id: int) -> CorrectionRequest:
    row = CorrectionRequest.objects.select_for_update().filter(pk=request_id).first()
    if row is None:
        raise Invalid({"": _("没有这项更正申请。")})
    if not may_decide(access, row):
        raise NotAllowed(_("更正须由申请人以外、有关账权限的人批准。"))
    if row.decision != Decision.WAITING:
        raise Invalid({"": _("这项申请已经处理过了。")})
    return row


def _decided(access: Access, row: CorrectionRequest, decision: Decision, note: str) -> CorrectionRequest:
    with ledger.take(1, actor_id=access.user_id) as numbers:
        row.decision, row.note = decision.value, note.strip()[:500]
        row.decided_by_id, row.decided_at = access.user_id, numbers.recorded_at
        row.changed_seq = numbers.first
        row.save()
        numbers.write([_entry(row, decision.value, row.note)])
    return row


def _subject(arguments: Mapping[str, object]) -> str:
    """What a list says it is about: the row, the site, or how many sites."""
    site_id = arguments.get("site_id")
    if isinstance(site_id, int):
        site = Site.objects.filter(pk=site_id).first()
        return _("点位 %(name)s") % {"name": site.name if site is not None else site_id}
    row = next((value for value in arguments.values() if isinstance(value, models.Model)), None)
    if row is not None:
        return f"{row._meta.verbose_name} {row}"
    drafts: Any = arguments.get("drafts") or [arguments["draft"]] if "draft" in arguments else []
    updates: Any = arguments.get("updates") or []
    return _("%(count)d 个点位") % {"count": len(drafts) + len(updates)}


def _entry(row: CorrectionRequest, verb: str, reason: str) -> ledger.Entry:
    """The content by its hash: what was asked for is what was carried out."""
    digest = hashlib.sha256(json.dumps(row.payload, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return ledger.Entry(
        action=f"correctionrequest.{verb}",
        subject_type="correctionrequest",
        subject_id=str(row.pk),
        payload={
            "reason": reason,
            "requested": row.action,
            "effective": row.effective_on.isoformat(),
            "content": digest,
        },
    )
