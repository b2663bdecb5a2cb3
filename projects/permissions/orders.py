"""Who may do which step of a supervision order: one table, and who is too close to the matter.

Whom an order was given to answers it, and nobody else. Nobody reviews, raises or withdraws what they reported
back themselves, nor decides on an extension that they asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from projects.permissions.access import Access, Permission, Target, may
from projects.rules.errors import gettext_noop as _
from projects.rules.vocabulary import OrderStep

STEP_PERMISSIONS: Final[Mapping[OrderStep, Permission]] = MappingProxyType(
    {
        OrderStep.ISSUE: Permission.ORDER_ISSUE,
        OrderStep.SIGN: Permission.ORDER_ANSWER,
        OrderStep.START: Permission.ORDER_ANSWER,
        OrderStep.REPORT_BACK: Permission.ORDER_ANSWER,
        OrderStep.ASK_EXTENSION: Permission.ORDER_ANSWER,
        OrderStep.CLOSE: Permission.ORDER_REVIEW,
        OrderStep.RETURN: Permission.ORDER_REVIEW,
        OrderStep.GRANT: Permission.ORDER_REVIEW,
        OrderStep.REFUSE: Permission.ORDER_REVIEW,
        OrderStep.RAISE: Permission.ORDER_ISSUE,
        OrderStep.WITHDRAW: Permission.ORDER_ISSUE,
    }
)
"""What each step takes."""

_DECIDE: Final = frozenset({OrderStep.CLOSE, OrderStep.RETURN, OrderStep.RAISE, OrderStep.WITHDRAW})


@dataclass(frozen=True, slots=True)
class Parties:
    """Who has to do with an order. `matter`: its division with the departments of its subject; `addressee`:
    whom it was given to, a division or a department alone.
    """

    matter: Target
    addressee: Target
    issued_by: int | None
    reported_by: frozenset[int | None] = frozenset()
    asked_by: int | None = None


def refusal(access: Access, step: OrderStep, parties: Parties) -> str:
    """Why `access` may not do `step`, as a zh-hans msgid; empty: may."""
    permission = STEP_PERMISSIONS[step]
    target = parties.addressee if permission is Permission.ORDER_ANSWER else parties.matter
    if not may(access, permission, target):
        return _("您没有权限对这份督办单做这一步。")
    if step in _DECIDE and access.user_id in parties.reported_by:
        return _("您反馈过这份督办单:须由没有反馈过的人审核和决定。")
    if step in (OrderStep.GRANT, OrderStep.REFUSE) and access.user_id == parties.asked_by:
        return _("延期须由申请人以外的人决定。")
    # Somebody who left cannot take back what stands in their name: then an administrator does.
    is_issuer = access.user_id == parties.issued_by or may(access, Permission.PROGRAMME_CHANGE, Target())
    return _("督办单由发单人撤销。") if step is OrderStep.WITHDRAW and not is_issuer else ""
