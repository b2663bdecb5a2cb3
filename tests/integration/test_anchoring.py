"""Taking rows into the chain that it does not prove, and what an entry says of very many rows."""

import hashlib
import json
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction

from projects.actions import claims, ledger
from projects.actions.anchoring import ChainBroken, anchor_chain
from projects.actions.chain import verify_chain
from projects.actions.chainentries import ANCHOR
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.people import save_user
from projects.models import AuditEntry, ChangeHead, Membership, Site, SiteReport, User, recordguards
from projects.models.access import system_access
from projects.models.audited import audited_models
from projects.models.bulk import insert_rows
from projects.models.rowdigests import all_rows
from tests.factories import CUTOFF, World, anchor
from tests.integration import histories
from tests.integration.mutations import run

pytestmark = pytest.mark.django_db


def forget_rows() -> None:
    """Make all entries those of a release that did not prove rows."""
    with recordguards.lifted(connection):
        previous = "0" * 64
        for entry in AuditEntry.objects.order_by("seq"):
            payload = {key: value for key, value in entry.payload.items() if key != "rows"}
            told = ledger.Entry(
                entry.action, entry.subject_type, entry.subject_id, entry.division_id, payload
            )
            text = ledger.canonical(
                seq=entry.seq,
                recorded_at=entry.recorded_at,
                actor_id=entry.actor_id,
                entry=told,
                previous_hash=previous,
            )
            digest = hashlib.sha256(text).hexdigest()
            run(
                "UPDATE projects_auditentry SET payload = %s, previous_hash = %s, hash = %s WHERE seq = %s",
                [json.dumps(payload), previous, digest, entry.seq],
            )
            previous = digest
        run("UPDATE projects_changehead SET entry_hash = %s", [previous])


def test_an_upgraded_database_asks_for_an_anchor_once(world: World) -> None:
    histories.everything(world, Random(5))
    forget_rows()
    report = verify_chain()
    assert (report.reason, report.subject, report.bad_rows > 60) == ("row-unanchored", "", True)
    before = ChangeHead.objects.get().seq
    accepted = anchor_chain(access=system_access(), reason="升级")
    assert accepted.count == report.bad_rows
    assert ChangeHead.objects.get().seq == before + accepted.entries
    assert verify_chain().bad_seq is None
    # All is proved now: again writes nothing, and what comes later is proved by its own entry.
    assert anchor_chain(access=system_access(), reason="again").count == 0
    histories.anything(world, Random(5), 6)
    assert verify_chain().bad_seq is None
    run("UPDATE projects_site SET name = 'x' WHERE id = (SELECT MIN(id) FROM projects_site)")
    assert verify_chain().reason == "row-changed"


def test_a_repair_is_said_in_the_chain(world: World) -> None:
    anchor()
    site, other = world.add(world.draft(), world.draft())
    Site.objects.filter(pk=site.pk).update(name="改过")
    with recordguards.lifted(connection):
        run("DELETE FROM projects_sitestate WHERE site_id = %s", [other.pk])
    assert verify_chain().bad_rows == 2
    seq = ChangeHead.objects.get().seq
    told = anchor_chain(access=system_access(), reason="系统维护 7 号", is_rehearsal=True)
    assert told.rows == {"site": {"row-changed": 1}, "sitestate": {"row-gone": 1}}
    assert (verify_chain().bad_rows, ChangeHead.objects.get().seq) == (2, seq)
    anchor_chain(access=system_access(), reason="系统维护 7 号")
    entry = AuditEntry.objects.get(action=ANCHOR, seq__gt=seq)
    assert entry.payload["reason"] == "系统维护 7 号"
    assert entry.payload["rows"]["site"].keys() == {str(site.pk)}
    assert list(entry.payload["rows"]["sitestate"].values()) == [None]
    assert verify_chain().bad_seq is None
    # What was accepted is held to from then on.
    Site.objects.filter(pk=site.pk).update(name="又改过")
    assert verify_chain().subject == f"site:{site.pk}"


def test_nothing_is_accepted_on_top_of_a_broken_chain_or_without_a_right_and_a_reason(world: World) -> None:
    world.add(world.draft(), world.draft(), world.draft())
    with pytest.raises(Invalid):
        anchor_chain(access=system_access(), reason=" ")
    with pytest.raises(NotAllowed):
        anchor_chain(access=world.access("haishu"), reason="x")
    with recordguards.lifted(connection):
        run("UPDATE projects_auditentry SET action = 'x' WHERE seq = 2")
    with pytest.raises(ChainBroken):
        anchor_chain(access=system_access(), reason="x")
    assert not AuditEntry.objects.filter(action=ANCHOR).exists()


def test_very_many_rows_of_one_number_are_summed_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "MANY", 3)
    anchor()
    sites = world.add(*(world.draft() for _ in range(6)))
    with transaction.atomic(), ledger.take(1, actor_id=None) as numbers:
        reports = [
            SiteReport(site=site, as_of=CUTOFF, percent=5, changed_seq=numbers.first) for site in sites
        ]
        insert_rows(reports)
        Site.objects.update(changed_seq=numbers.first)
        numbers.write([ledger.Entry("x", "figures", "all")])
    rows = AuditEntry.objects.get(seq=numbers.first).payload["rows"]
    assert (rows["site"], rows["sitereport"]["count"]) == ({"count": 6}, 6)
    assert verify_chain().bad_seq is None
    changes: list[tuple[str, list[Any], str]] = [
        ("UPDATE projects_sitereport SET percent = 6 WHERE id = %s", [reports[2].pk], "sitereport"),
        ("DELETE FROM projects_sitereport WHERE id = %s", [reports[2].pk], "sitereport"),
        ("UPDATE projects_sitereport SET changed_seq = 1 WHERE id = %s", [reports[2].pk], "sitereport"),
        ("UPDATE projects_site SET name = 'x' WHERE id = %s", [sites[2].pk], f"site:{sites[2].pk}"),
        ("UPDATE projects_site SET changed_seq = 1 WHERE id = %s", [sites[2].pk], f"site:{sites[2].pk}"),
    ]
    for sql, parameters, subject in changes:
        point = transaction.savepoint()
        recordguards.lift(connection)
        run(sql, parameters)
        assert subject in {finding.subject for finding in verify_chain().findings}, sql
        transaction.savepoint_rollback(point)
    world.add(world.draft())
    assert verify_chain().bad_seq is None


def test_a_long_run_sums_up_only_the_number_that_has_many(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "MANY", 3)
    anchor()
    site = world.site()
    with transaction.atomic(), ledger.take(2, actor_id=None) as numbers:
        counts = ((numbers.first, 2), (numbers.last, 5))
        insert_rows(
            [
                SiteReport(site=site, as_of=CUTOFF, percent=5, changed_seq=seq)
                for seq, count in counts
                for _ in range(count)
            ]
        )
        numbers.write([ledger.Entry("x", "figures", "all"), ledger.Entry("x", "figures", "all")])
    told = AuditEntry.objects.filter(seq__gte=numbers.first).order_by("seq").values_list("payload", flat=True)
    assert [len(payload["rows"]["sitereport"]) for payload in told] == [2, 2]
    assert told[1]["rows"]["sitereport"]["count"] == 5
    assert verify_chain().bad_seq is None


def test_a_persons_digest_cannot_be_guessed(world: World) -> None:
    """Two accounts with the same words have different digests, and the salt is in no entry."""
    anchor()
    access = world.access("admin")
    for name in ("twin", "twin2"):
        user = User(username=name, is_staff=True)
        save_user(
            access=access, user=user, memberships=[Membership(role="verifier")], password="staple-horse-9"
        )
    first, second = User.objects.filter(username__startswith="twin").order_by("pk")
    User.objects.filter(pk=second.pk).update(username="twin0")
    digests = {row.pk: row.digest for row in all_rows(audited_models()["user"])}
    assert digests[first.pk] != digests[second.pk] and first.audit_salt != second.audit_salt
    chain = json.dumps(list(AuditEntry.objects.values_list("payload", flat=True)))
    for user in User.objects.exclude(username="system"):
        assert user.audit_salt not in chain and user.username not in chain
    assert verify_chain().subject == f"user:{second.pk}"


def test_an_account_without_any_power_needs_no_entry_until_it_has_one(world: World) -> None:
    anchor()
    world.site()
    quiet = User.objects.create(username="quiet", is_active=False)
    assert verify_chain().bad_seq is None
    User.objects.filter(pk=quiet.pk).update(is_active=True)
    assert verify_chain().subject == f"user:{quiet.pk}"
    User.objects.filter(pk=quiet.pk).update(is_active=False)
    Membership.objects.create(user=quiet, role="administrator")
    assert verify_chain().subject == f"user:{quiet.pk}"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE projects_site SET name = CAST(x'ff41' AS text)",
        'UPDATE projects_site SET attributes = \'{"a": 1, "b": [}\' , percent = NULL',
        "UPDATE projects_site SET attributes = '[1'",
        "UPDATE projects_division SET valid_from = 'no day'",
        "UPDATE projects_indicator SET target = 'plenty'",
    ],
)
def test_what_cannot_be_read_is_found_and_not_stumbled_over(world: World, sql: str) -> None:
    if connection.vendor != "sqlite":
        return  # PostgreSQL stores no such value
    anchor()
    world.site()
    run("PRAGMA ignore_check_constraints = 1")
    try:
        run(sql)
        assert verify_chain().reason == "row-changed"
    finally:
        run("PRAGMA ignore_check_constraints = 0")


def test_entries_that_cannot_be_read_are_found_and_not_stumbled_over(world: World) -> None:
    world.add(world.draft(), world.draft())
    recordguards.lift(connection)
    for payload in ("[]", '"x"', "{}", '{"rows": 5}', '{"rows": {"site": {"x": "y"}}}', "1e400"):
        if connection.vendor == "postgresql" and payload == "1e400":
            continue
        run("UPDATE projects_auditentry SET payload = %s WHERE seq = 2", [payload])
        assert verify_chain().bad_seq == 2, payload
