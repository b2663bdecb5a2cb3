"""The chain proves the rows: no legitimate history is accused, and no change past the actions stays unseen."""

import datetime as dt
from random import Random

import pytest
from django.db import connection, transaction

from projects.actions.chain import verify_chain
from projects.models import AuditEntry, recordguards
from projects.models.audited import EXEMPT, LEFT_OUT, PARTS, audited_models, unexplained
from projects.rules.checkpoints import Line
from tests.factories import World, anchor
from tests.integration import histories
from tests.integration.closedcore import Case
from tests.integration.closedworld import CASES
from tests.integration.mutations import RefusedByTheDatabase, mutate

pytestmark = pytest.mark.django_db

#: Covered models that histories.py writes; one that is added there belongs here.
WRITTEN = frozenset(
    [
        "boundary",
        "category",
        "correctionrequest",
        "department",
        "division",
        "divisionalias",
        "divisiontarget",
        "facilitykind",
        "fundingarrangement",
        "fundingline",
        "fundingreport",
        "holidaytable",
        "importbatch",
        "indicator",
        "indicatorplan",
        "indicatorreport",
        "lagpolicy",
        "periodclosing",
        "phase",
        "phasereport",
        "planchange",
        "programme",
        "project",
        "publishedfigure",
        "satisfactionvote",
        "site",
        "sitereport",
        "sitestate",
        "storedarea",
        "targetstatement",
        "user",
    ]
)


def test_every_model_is_covered_or_exempt_by_a_reason() -> None:
    assert unexplained() == [], "say in projects/models/audited.py what the chain proves of these"
    assert all(EXEMPT.values()) and not EXEMPT.keys() & audited_models().keys()
    assert {part.name for each in audited_models().values() for part in each.parts} >= PARTS.keys()
    for kind, columns in LEFT_OUT.items():
        names = {field.attname for field in audited_models()[kind].model._meta.concrete_fields}
        assert columns.keys() <= names and all(columns.values())


def test_every_kind_of_write_is_proved(world: World) -> None:
    anchor()
    histories.everything(world, Random(7))
    report = verify_chain()
    assert report.findings == ()
    assert (report.bad_seq, report.entries) == (None, AuditEntry.objects.count())
    assert report.rows > 60
    covered = {kind for entry in AuditEntry.objects.filter(seq__gt=1) for kind in entry.payload["rows"]}
    assert covered >= WRITTEN


@pytest.mark.parametrize("seed", range(6))
def test_no_random_history_is_accused(world: World, seed: int) -> None:
    anchor()
    histories.anything(world, Random(seed), 25)
    assert verify_chain().findings == ()


@pytest.mark.parametrize("seed", range(4))
def test_no_change_past_the_actions_stays_unseen(world: World, seed: int) -> None:
    tried = attack(world, seed, 50)
    assert len(tried) > 12, "of every kind"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 112))
def test_no_change_of_a_thousand_stays_unseen(world: World, seed: int) -> None:
    attack(world, seed, 100)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_every_action_on_dated_facts_is_proved(world: World, case: Case) -> None:
    anchor()
    call = case.prepare(world, dt.date(2024, 6, 15))
    anchor()  # what the case wrote past the actions
    before = AuditEntry.objects.count()
    call(world.access(case.who))
    assert verify_chain().findings == ()
    assert AuditEntry.objects.count() > before


def attack(world: World, seed: int, count: int) -> set[str]:
    """`count` mutations of one history, each found and taken back; returns their kinds."""
    random = Random(seed)
    anchor()
    histories.everything(world, random)
    end = AuditEntry.objects.count()
    lines = [checkpoint(seq) for seq in (3, end // 2, end)]
    assert verify_chain(lines=lines).bad_seq is None
    recordguards.lift(connection)
    tried: set[str] = set()
    while count:
        point = transaction.savepoint()
        try:
            done = mutate(random)
        except RefusedByTheDatabase:
            transaction.savepoint_rollback(point)
            continue
        report = verify_chain(lines=lines)
        assert report.bad_seq is not None, done
        if done.subject:
            assert done.subject in {finding.subject for finding in report.findings}, (done, report)
        else:
            assert report.bad_seq <= done.seq <= (report.until or done.seq), (done, report)
        transaction.savepoint_rollback(point)
        tried.add(done.what)
        count -= 1
    assert verify_chain(lines=lines).bad_seq is None
    return tried


def checkpoint(seq: int) -> Line:
    """What a signed line says of entry `seq`."""
    entry = AuditEntry.objects.get(seq=seq)
    return Line(seq, "checkpoint", seq, entry.hash, seq, "", "2024-07-01T00:00:00Z", "", "")
