"""Checkpoints from the key to the page: made, appended, verified elsewhere, believed by nobody once changed."""

import json
import os
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from projects.actions.checkpointing import create_key, public_file, take_checkpoint
from projects.actions.errors import NotAllowed
from projects.diagnostics import Level, judge_audit_key, judge_guards
from projects.models import AuditEntry, ChangeHead, Checkpoint, Site, recordguards
from projects.models.access import system_access
from projects.readmodels.checkpoints import State, checkpoint_state, latest_checkpoint
from projects.rules.checkpoints import CheckpointError
from tests.factories import World, anchor
from tests.integration.mutations import rewrite_from, run, truncate

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Settings, tmp_path: Path) -> Path:
    settings.AUDIT_KEY_FILE = tmp_path / "keys" / "audit.pem"
    settings.AUDIT_CHECKPOINT_FILE = tmp_path / "out" / "checkpoints.jsonl"
    return tmp_path


def command(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    except CommandError as problem:
        return problem.returncode, str(problem)
    return 0, out.getvalue()


def verified(*arguments: str) -> tuple[int, dict[str, Any]]:
    code, out = command("verify_chain", "--json", *arguments)
    return code, json.loads(out)


@pytest.fixture
def three(world: World, settings: Settings) -> list[int]:
    """Three checkpoints of a history of eight entries or so; their numbers."""
    anchor()
    assert command("audit_key", "--create")[0] == 0
    seqs = []
    for _ in range(3):
        world.add(world.draft(), world.draft())
        code, out = command("checkpoint", "--json")
        assert code == 0
        seqs.append(json.loads(out)["seq"])
    return seqs


def test_a_key_is_its_owners_alone_and_is_never_overwritten(files: Path, settings: Settings) -> None:
    code, out = command("audit_key", "--create")
    assert code == 0 and str(settings.AUDIT_KEY_FILE) in out
    assert settings.AUDIT_KEY_FILE.stat().st_mode & 0o777 == 0o600
    before = settings.AUDIT_KEY_FILE.read_bytes()
    assert command("audit_key", "--create")[0] == 1
    assert settings.AUDIT_KEY_FILE.read_bytes() == before
    code, out = command("audit_key")
    assert code == 0 and "BEGIN PUBLIC KEY" in out and "PRIVATE" not in out


def test_without_a_key_or_entries_there_is_none(world: World, settings: Settings) -> None:
    code, out = command("checkpoint")
    assert (code, "audit_key --create" in out) == (2, True)
    create_key(settings.AUDIT_KEY_FILE)
    assert command("checkpoint")[0] == 0
    assert not Checkpoint.objects.exists() and latest_checkpoint() is None
    assert command("audit_key")[0] == 0


def test_checkpoints_are_appended_and_the_chain_is_held_to_them(three: list[int], settings: Settings) -> None:
    lines = settings.AUDIT_CHECKPOINT_FILE.read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == three
    assert list(Checkpoint.objects.order_by("number").values_list("line", flat=True)) == lines
    code, told = verified()
    assert (code, told["bad_seq"], told["checkpoints"]) == (0, None, 3)
    assert told["rows"] > 20


def test_only_the_public_key_is_needed_elsewhere(three: list[int], files: Path, settings: Settings) -> None:
    copy = files / "copy.jsonl"
    copy.write_bytes(b"".join(settings.AUDIT_CHECKPOINT_FILE.read_bytes().splitlines(keepends=True)[:2]))
    public = public_file(settings.AUDIT_KEY_FILE).rename(files / "public.pem")
    settings.AUDIT_KEY_FILE.unlink()
    settings.AUDIT_CHECKPOINT_FILE.unlink()
    code, told = verified("--public-key", str(public), "--checkpoints", str(copy))
    assert (code, told["checkpoints"]) == (0, 2)
    assert command("verify_chain", "--public-key", str(public))[0] == 2
    assert command("verify_chain", "--public-key", str(public), "--checkpoints", "no-such-file")[0] == 2


def test_a_rewritten_chain_is_found_by_the_checkpoint_after_it(three: list[int]) -> None:
    with recordguards.lifted(connection):
        done = rewrite_from(Random(2))
        code, told = verified()
        assert (code, told["reason"]) == (1, "checkpoint")
        assert told["bad_seq"] <= done.seq <= told["until"]
        assert verified("--entries-only")[0] == 1
        code, out = command("checkpoint")
        assert code == 1, out


def test_a_tail_that_was_cut_off_is_found(three: list[int]) -> None:
    with recordguards.lifted(connection):
        done = truncate(Random(1))
        code, told = verified("--entries-only")
        assert (code, told["reason"], told["bad_seq"], told["until"]) == (1, "cut", done.seq, three[-1])
        code, out = command("checkpoint")
        assert code == 1 and "new_epoch" in out


def test_nothing_wrong_is_signed(three: list[int], world: World, settings: Settings) -> None:
    world.add(world.draft())
    with recordguards.lifted(connection):
        run("UPDATE projects_auditentry SET action = 'x' WHERE seq = %s", [three[-1] + 1])
        before = settings.AUDIT_CHECKPOINT_FILE.read_bytes()
        assert command("checkpoint")[0] == 1
        assert settings.AUDIT_CHECKPOINT_FILE.read_bytes() == before


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_file_that_lost_lines_is_found_by_the_copy(three: list[int], settings: Settings, kept: int) -> None:
    lines = settings.AUDIT_CHECKPOINT_FILE.read_bytes().splitlines(keepends=True)
    if kept:
        settings.AUDIT_CHECKPOINT_FILE.write_bytes(b"".join(lines[:kept]))
    else:
        settings.AUDIT_CHECKPOINT_FILE.unlink()
    code, told = verified()
    assert (code, told["reason"], told["bad_seq"]) == (1, "checkpoint-file", kept + 1)


def test_a_changed_line_is_named(three: list[int], settings: Settings) -> None:
    data = settings.AUDIT_CHECKPOINT_FILE.read_bytes()
    settings.AUDIT_CHECKPOINT_FILE.write_bytes(data.replace(f'"seq":{three[1]}'.encode(), b'"seq":4', 1))
    code, out = command("verify_chain")
    assert code == 1 and "2" in out
    assert command("checkpoint")[0] == 1


def test_a_restored_backup_is_declared_and_shown(three: list[int], world: World, settings: Settings) -> None:
    """The database of the first checkpoint, and the file of the third."""
    with recordguards.lifted(connection):
        run("DELETE FROM projects_auditentry WHERE seq > %s", [three[0]])
        run(
            "UPDATE projects_changehead SET seq = %s, entry_hash = (SELECT hash FROM projects_auditentry WHERE seq = %s)",
            [three[0], three[0]],
        )
        run("DELETE FROM projects_checkpoint WHERE number > 1")
    assert verified("--entries-only")[1]["reason"] == "cut"
    epoch = ChangeHead.objects.get().epoch
    code, out = command("new_epoch", "--reason", "磁盘损坏")
    assert code == 0, out
    assert ChangeHead.objects.get().epoch != epoch
    code, told = verified("--entries-only")
    assert (code, told["restores"], told["checkpoints"]) == (0, [4], 1)
    assert "磁盘损坏" in command("verify_chain", "--entries-only")[1]
    assert Checkpoint.objects.count() == 4
    world.add(world.draft(code="AFTER-RESTORE"))
    assert command("checkpoint")[0] == 0
    assert verified("--entries-only")[1]["checkpoints"] == 2


def test_a_restore_is_not_declared_over_a_chain_that_contradicts(three: list[int]) -> None:
    with recordguards.lifted(connection):
        rewrite_from(Random(2))
        epoch = ChangeHead.objects.get().epoch
        assert command("new_epoch")[0] == 1
        assert ChangeHead.objects.get().epoch == epoch


def test_a_new_key_follows_the_old_one(
    three: list[int], world: World, settings: Settings, files: Path
) -> None:
    settings.AUDIT_KEY_FILE.rename(files / "old.pem")
    assert command("audit_key", "--create")[0] == 0
    world.add(world.draft())
    assert command("checkpoint")[0] == 0
    assert verified()[1]["checkpoints"] == 4


def test_a_private_key_that_is_not_the_public_ones_is_refused(three: list[int], settings: Settings) -> None:
    settings.AUDIT_KEY_FILE.unlink()
    other = settings.AUDIT_KEY_FILE.with_name("other.pem")
    create_key(other)
    other.rename(settings.AUDIT_KEY_FILE)
    with pytest.raises(CheckpointError):
        take_checkpoint(
            access=system_access(), key_file=settings.AUDIT_KEY_FILE, file=settings.AUDIT_CHECKPOINT_FILE
        )


def test_who_may_not_read_the_chain_signs_nothing(three: list[int], world: World, settings: Settings) -> None:
    with pytest.raises(NotAllowed):
        take_checkpoint(
            access=world.access("haishu"),
            key_file=settings.AUDIT_KEY_FILE,
            file=settings.AUDIT_CHECKPOINT_FILE,
        )


def test_the_newest_is_shown_with_its_state(three: list[int], world: World, settings: Settings) -> None:
    public = public_file(settings.AUDIT_KEY_FILE)
    shown = latest_checkpoint()
    assert shown is not None and shown.seq == three[-1]
    assert shown.as_line().startswith(f"审计校验点 {three[-1]} · {shown.hash[:16]} · ")
    world.add(world.draft())
    state = checkpoint_state(public)
    assert state is not None and (state.state, state.entries_since) == (State.GOOD, 1)
    found = [checkpoint_state(public.with_name("none"))]
    with recordguards.lifted(connection):
        run("UPDATE projects_checkpoint SET signed_at = signed_at, line = replace(line, 'epoch', 'epocH')")
        found.append(checkpoint_state(public))
        run("UPDATE projects_auditentry SET hash = previous_hash WHERE seq = %s", [three[-1]])
        found.append(checkpoint_state(public))
    assert [each.state for each in found if each] == [
        State.NO_KEY,
        State.BAD_SIGNATURE,
        State.OTHER_CHAIN,
    ]


def test_pages_of_entries_and_histories_show_it(three: list[int], admin_client: Client) -> None:
    site = Site.objects.first()
    assert site is not None
    for address in ("/admin/projects/auditentry/", f"/admin/projects/site/{site.pk}/history/"):
        page = admin_client.get(address)
        assert page.status_code == 200
        assert f"审计校验点 {three[-1]} ·" in page.content.decode()
        assert "签名有效" in page.content.decode()


def test_a_geojson_export_carries_it_and_reads_back(three: list[int], files: Path) -> None:
    out = files / "sites.geojson"
    assert command("export_sites", str(out))[0] == 0
    said = json.loads(out.read_text())
    assert said["audit_checkpoint"]["seq"] == three[-1]
    assert len(said["features"]) == Site.objects.count()


def test_doctor_asks_for_a_key_and_for_guards(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert judge_audit_key(None, path, 0).level is Level.WARNING
    assert judge_audit_key(None, path, 3).level is Level.OK
    assert judge_audit_key(0o100644, path, 3).level is Level.ERROR
    assert judge_audit_key(0o100600, path, 0).level is Level.WARNING
    assert judge_audit_key(0o100600, path, 3).level is Level.OK
    assert judge_guards([]).level is Level.OK
    found = judge_guards(["a", "b"])
    assert (found.level, "a, b" in found.sentence) == (Level.ERROR, True)


def test_an_unfinished_line_is_named(three: list[int], settings: Settings) -> None:
    with settings.AUDIT_CHECKPOINT_FILE.open("ab") as file:
        file.write(b'{"count"')
        os.fsync(file.fileno())
    code, out = command("checkpoint")
    assert code == 1 and "4" in out
    assert AuditEntry.objects.exists()
