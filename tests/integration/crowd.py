"""The small world with many more sites: multiplied in the database, past the actions, for tests of plans."""

from decimal import Decimal
from typing import Any

from django.db import connection

from projects.actions import rollups
from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.models import (
    AuditEntry,
    ChangeHead,
    Contribution,
    LightSpan,
    PlanChange,
    Site,
    SiteReport,
    SiteStanding,
    SiteState,
    recordguards,
)
from projects.rules.vocabulary import Publication
from tests.factories import CUTOFF, START, World

_OFFSET = 100_000


def crowd(world: World, *, stock: int, targets: int) -> None:
    """`stock` sites that count towards nothing, `targets` late ones with reports, a change of plan and spans."""
    old = world.add(world.draft(county="330212", name="鄞州老站", address="中山路 1 号"))[0]
    late = world.add(
        world.planned(
            county="330203",
            reports=(ReportDraft(CUTOFF, Decimal(3), "缺人", ""),),
            plan_changes=(PlanChangeDraft(START, START, CUTOFF, "改期", "甬发 1 号"),),
        )
    )[0]
    draft = world.add(world.draft(county="330203", publication=Publication.DRAFT))[0]
    multiply(old, stock)
    multiply(late, targets, first=_OFFSET + stock + 1)
    multiply(draft, 60, first=_OFFSET + stock + targets + 1)
    rollups.rebuild()
    # Once, here: PostgreSQL would check the new rows' keys again at the end of every test.
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def multiply(site: Site, count: int, *, first: int = _OFFSET) -> None:
    """Copies with ids from `first` on, each with all that hangs on the site and an audit entry.

    The entries are copies too: they follow nothing, so the guards are off meanwhile.
    """
    with recordguards.lifted(connection):
        _multiply(site, count, first)


def _multiply(site: Site, count: int, first: int) -> None:
    head = ChangeHead.objects.get(id=1)
    numbers = f"(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1}) SELECT i FROM n) AS n"
    own: dict[str, str | None] = {
        "id": f"n.i + {first}",
        "code": f"'C' || (n.i + {first})",
        "public_id": _public_id(first),
        "name": f"t.name || ' ' || (n.i + {first})",
    }
    _copy(Site, own, numbers, f"t.id = {site.pk}")
    for model in (Contribution, SiteState, SiteReport, PlanChange, LightSpan, SiteStanding):
        own = {"site_id": f"n.i + {first}", "subject_key": f"'site:' || (n.i + {first})", "id": None}
        _copy(model, own, numbers, f"t.site_id = {site.pk}")
    entry = AuditEntry.objects.filter(subject_type="site", subject_id=str(site.pk)).first()
    assert entry is not None
    own = {"seq": f"n.i + {head.seq + 1}", "subject_id": f"CAST(n.i + {first} AS text)"}
    _copy(AuditEntry, own, numbers, f"t.seq = {entry.seq}")
    ChangeHead.objects.filter(id=1).update(seq=head.seq + count)


def _public_id(first: int) -> str:
    """Twelve digits of base 32 of which the last is always `a`, as in a real one."""
    digits = "translate(CAST(n.i + {n} AS text), '0123456789', 'abcdefghij')"
    if connection.vendor == "sqlite":
        digits = "CAST(n.i + {n} AS text)"
        for number, letter in enumerate("abcdefghij"):
            digits = f"replace({digits}, '{number}', '{letter}')"
    return digits.format(n=first + 10_000_000_000) + " || 'a'"


def _copy(model: Any, own: dict[str, str | None], numbers: str, where: str) -> None:
    columns = [field.column for field in model._meta.concrete_fields if own.get(field.column, "") is not None]
    values = ", ".join(str(own.get(column) or f"t.{column}") for column in columns)
    with connection.cursor() as cursor:
        table = model._meta.db_table
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} t CROSS JOIN {numbers} WHERE {where}"
        )
