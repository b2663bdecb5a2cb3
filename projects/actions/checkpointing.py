"""Checkpoints: the end of the chain, signed by a key that is not in the database, in a file outside it."""

import fcntl
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.chainentries import read_entries
from projects.actions.errors import ActionError, NotAllowed
from projects.models import AuditEntry, ChangeHead, Checkpoint
from projects.permissions.access import Access, Permission, Target, may
from projects.rules import checkpoints
from projects.rules.checkpoints import CHECKPOINT, NO_LINE, RESTORE, CheckpointError, Line


class CheckpointRefused(ActionError):
    """No checkpoint is signed: the chain, the file or the key is not as it should be."""


def public_file(key_file: Path) -> Path:
    """Where the public keys of a private key's file lie."""
    return key_file.with_name(f"{key_file.name}.pub")


def create_key(key_file: Path) -> str:
    """Write a new key, readable by its owner alone from the first byte on, and its public key beside it.

    Returns the key's name. A public file that is there keeps the keys of before. Raises FileExistsError,
    OSError.
    """
    private, public = checkpoints.new_key()
    key_file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
        file.flush()
        os.fsync(file.fileno())
    with public_file(key_file).open("ab") as file:
        file.write(public)
    return checkpoints.key_id(checkpoints.public_keys(public)[0])


def read_file(file: Path, keys: Sequence[Ed25519PublicKey]) -> list[Line]:
    """The lines of a checkpoint file; none when there is no file. Raises CheckpointError, OSError."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return []
    return checkpoints.read_lines(data, keys)


def take_checkpoint(
    *, access: Access, key_file: Path, file: Path, is_restore: bool = False, note: str = ""
) -> Line | None:
    """Sign the end of the chain and append it to the file; None while there is no entry.

    What was recorded since the newest line is verified first: nothing wrong is signed. With `is_restore` the
    chain may end before that line, because a backup was restored: `note` says why.

    Raises NotAllowed; CheckpointRefused with what to do; CheckpointError for a file or key that cannot be
    believed; OSError.
    """
    if not may(access, Permission.AUDIT_VIEW, Target()):
        raise NotAllowed(_("您没有权限读取全市的审计记录。"))
    key = checkpoints.private_key(key_file.read_bytes())
    keys = checkpoints.public_keys(public_file(key_file).read_bytes())
    own = checkpoints.key_id(key.public_key())
    if own not in {checkpoints.key_id(each) for each in keys}:
        raise CheckpointError(0, "key")
    file.parent.mkdir(parents=True, exist_ok=True)
    is_new = not file.exists()
    with file.open("ab+") as handle:
        # One at a time: two lines must not carry the same number.
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        data = handle.read()
        lines = checkpoints.read_lines(data, keys)
        head = ChangeHead.objects.filter(id=1).first()
        if head is None or head.seq == 0:
            return None
        _check_chain(head, lines, is_restore=is_restore)
        line = Line(
            line=len(lines) + 1,
            kind=RESTORE if is_restore else CHECKPOINT,
            seq=head.seq,
            hash=head.entry_hash,
            count=AuditEntry.objects.filter(seq__lte=head.seq).count(),
            epoch=str(head.epoch),
            time=timezone.now().replace(microsecond=0).isoformat().replace("+00:00", "Z"),
            previous=checkpoints.line_hash(data.splitlines()[-1]) if lines else NO_LINE,
            key=own,
            note=note,
        )
        written = checkpoints.signed(line, key)
        handle.write(written)
        handle.flush()
        os.fsync(handle.fileno())
    if is_new:
        _sync_folder(file.parent)
    store([*data.splitlines(), written.rstrip(b"\n")], [*lines, line])
    return line


def store(texts: Sequence[bytes], lines: Sequence[Line]) -> None:
    """Copy lines that the database does not have, so that pages can show them."""
    there = set(Checkpoint.objects.values_list("number", flat=True))
    Checkpoint.objects.bulk_create(
        Checkpoint(
            number=line.line,
            kind=line.kind,
            seq=line.seq,
            entry_hash=line.hash,
            epoch=uuid.UUID(line.epoch),
            signed_at=line.moment,
            line=text.decode(),
        )
        for text, line in zip(texts, lines, strict=True)
        if line.line not in there
    )


def _check_chain(head: ChangeHead, lines: Sequence[Line], *, is_restore: bool) -> None:
    """Nothing wrong is signed: what is new since the newest line follows from it."""
    newest = lines[-1] if lines and not is_restore else None
    if newest is not None and head.seq < newest.seq:
        raise CheckpointRefused(
            _(
                "审计链只到第 %(seq)d 条,最近的校验点在第 %(newest)d 条:尾部被截去。"
                "如果刚恢复过备份,请运行 manage.py new_epoch。"
            )
            % {"seq": head.seq, "newest": newest.seq}
        )
    expected = checkpoints.expected_hashes(lines) if newest is None else {}
    read = read_entries(
        None,
        {seq: said for seq, said in expected.items() if seq <= head.seq},
        after=newest.seq if newest is not None else 0,
        start=newest.hash if newest is not None else None,
    )
    if read.bad_seq is not None:
        raise CheckpointRefused(
            _("审计链在第 %(seq)d 条出现问题,没有签署校验点;请运行 manage.py verify_chain。")
            % {"seq": read.bad_seq}
        )


def _sync_folder(folder: Path) -> None:
    """A new file is there after a power cut only when its folder was written too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
