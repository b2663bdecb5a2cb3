"""Which checkpoints a command believes: the files that it is given, or those of this installation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from projects.actions.checkpointing import public_file, read_file
from projects.models import Checkpoint
from projects.rules.checkpoints import CheckpointError, Line, public_keys

_REASONS: Final = {
    "json": gettext_noop("读不出来"),
    "form": gettext_noop("缺少内容或内容不对"),
    "order": gettext_noop("行号不连续(有行被删去、插入或调换)"),
    "link": gettext_noop("没有接上前一行(前面的行被改动)"),
    "key": gettext_noop("由不认识的密钥签名"),
    "signature": gettext_noop("签名不对(内容被改动)"),
    "seq": gettext_noop("序号比前一行小"),
    "torn": gettext_noop("不完整(写到一半);请核对后删去这半行"),
}


def explained(problem: CheckpointError, file: Path) -> str:
    """What is wrong with a checkpoint file or a key, for a person."""
    if problem.reason == "pem":
        return _("密钥文件读不出来:须是 Ed25519 的 PEM 文件(manage.py audit_key --create)。")
    if problem.line == 0:
        return _("私钥与它旁边的公钥文件不是一对。")
    return _("校验点文件 %(file)s 第 %(line)d 行%(reason)s。") % {
        "file": file,
        "line": problem.line,
        "reason": _(_REASONS[problem.reason]),
    }


def given_lines(key_files: Sequence[Path], file: Path) -> list[Line]:
    """The lines of the files that the command was given. Raises CheckpointError, OSError."""
    keys = [key for each in key_files for key in public_keys(each.read_bytes())]
    if not file.is_file():
        raise FileNotFoundError(2, "", str(file))
    return read_file(file, keys)


def own_lines() -> list[Line]:
    """The lines of this installation's file; none where no checkpoint was ever signed.

    Raises CheckpointError, OSError.
    """
    if not settings.AUDIT_CHECKPOINT_FILE.is_file():
        return []
    return given_lines([public_file(settings.AUDIT_KEY_FILE)], settings.AUDIT_CHECKPOINT_FILE)


def contradicted(lines: Sequence[Line], *, is_own: bool) -> int | None:
    """The first line number at which the file and the database's copy differ; None when they agree.

    Somebody else's copy of the file may be older; this installation's own has every line.
    """
    in_file = {line.line: (line.seq, line.hash) for line in lines}
    for number, seq, said in Checkpoint.objects.order_by("number").values_list("number", "seq", "entry_hash"):
        if (is_own and number not in in_file) or in_file.get(number, (seq, said)) != (seq, said):
            return int(number)
    return None
