"""How a programme verifies, and what verifiers look at: the city's own data."""

from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions import ledger
from projects.actions.errors import Invalid
from projects.actions.rows import require_city, save_row
from projects.models import Checklist, FacilityKind, VerificationScheme
from projects.permissions.access import Access, Permission
from projects.rules.checklists import items_of, packaged
from projects.rules.errors import RuleError


def save_scheme(*, access: Access, row: VerificationScheme, reason: str = "") -> VerificationScheme:
    """How a programme verifies, from now on and for all that is open. Raises NotAllowed, Invalid."""
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


def save_checklist(*, access: Access, row: Checklist, reason: str = "") -> Checklist:
    """A kind's list as its next version; the same again writes nothing. Raises NotAllowed, Invalid."""
    require_city(access, Permission.PROGRAMME_CHANGE)
    try:
        items_of(row.items)
    except RuleError as problem:
        raise Invalid({"items": _(problem.msgid).format(**problem.params)}) from problem
    with transaction.atomic():
        ledger.hold()
        newest = Checklist.objects.filter(kind_id=row.kind_id).order_by("-version").first()
        if newest is not None and (newest.items, newest.name_zh) == (row.items, row.name_zh):
            return newest
        row.version = 1 if newest is None else newest.version + 1
        return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


def load_checklists(*, access: Access, reason: str = "") -> int:
    """The packaged lists of the kinds that are there and have none; returns how many were new."""
    kinds: dict[str, int | None] = {"": None, **dict(FacilityKind.objects.values_list("slug", "pk"))}
    there = set(Checklist.objects.values_list("kind_id", flat=True))
    with transaction.atomic():
        new = [
            Checklist(kind_id=kinds[slug], name_zh=name, items=[dict(item) for item in items])
            for slug, (name, items) in packaged().items()
            if slug in kinds and kinds[slug] not in there
        ]
        for row in new:
            save_checklist(access=access, row=row, reason=reason)
    return len(new)
