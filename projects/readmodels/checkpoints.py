"""The newest checkpoint of the audit chain, as pages and exports show it.

What is shown here is read from the database. It convinces nobody who doubts the database: for that there are
the checkpoint file, the public key and `manage.py verify_chain`.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from projects.models import AuditEntry, ChangeHead, Checkpoint
from projects.rules.checkpoints import CHECKPOINT, CheckpointError, public_keys, verify_line

#: Digits of a hash that are printed.
SHOWN: int = 16


class State(StrEnum):
    """How the newest checkpoint stands: only `good` is good."""

    GOOD = "good"
    NO_KEY = "no-key"
    BAD_SIGNATURE = "bad-signature"
    OTHER_CHAIN = "other-chain"


@dataclass(frozen=True, slots=True)
class LatestCheckpoint:
    """Number and hash of the newest entry that a checkpoint saw, and when it was signed (UTC)."""

    seq: int
    hash: str
    signed_at: dt.datetime

    @property
    def short_hash(self) -> str:
        """The first digits, as they are printed."""
        return self.hash[:SHOWN]

    def as_line(self) -> str:
        """The line that goes on exports and printed orders, in the language of the reader."""
        moment = timezone.localtime(self.signed_at)
        return _("审计校验点 %(seq)d · %(hash)s · %(time)s") % {
            "seq": self.seq,
            "hash": self.short_hash,
            "time": moment.isoformat(timespec="seconds"),
        }


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """The newest checkpoint, whether it can be believed, and how many entries are newer."""

    checkpoint: LatestCheckpoint
    state: State
    entries_since: int


def latest_checkpoint() -> LatestCheckpoint | None:
    """The newest checkpoint; None while there is none."""
    row = Checkpoint.objects.filter(kind=CHECKPOINT).order_by("-number").first()
    return None if row is None else _shown(row)


def checkpoint_state(public_key_file: Path) -> CheckpointState | None:
    """The newest checkpoint compared with the chain and with the public key; None while there is none."""
    row = Checkpoint.objects.filter(kind=CHECKPOINT).order_by("-number").first()
    if row is None:
        return None
    head = ChangeHead.objects.filter(id=1).values_list("seq", flat=True).first() or 0
    return CheckpointState(_shown(row), _judged(row, public_key_file), max(0, head - row.seq))


def _shown(row: Checkpoint) -> LatestCheckpoint:
    return LatestCheckpoint(row.seq, row.entry_hash, row.signed_at)


def _judged(row: Checkpoint, public_key_file: Path) -> State:
    if not AuditEntry.objects.filter(seq=row.seq, hash=row.entry_hash).exists():
        return State.OTHER_CHAIN
    try:
        line = verify_line(row.line.encode(), public_keys(public_key_file.read_bytes()))
    except OSError:
        return State.NO_KEY
    except CheckpointError:
        return State.BAD_SIGNATURE
    said = (line.line, line.seq, line.hash)
    return State.GOOD if said == (row.number, row.seq, row.entry_hash) else State.BAD_SIGNATURE
