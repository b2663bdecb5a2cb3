"""Checkpoints of the audit chain: lines of a file, each signed and each carrying the hash of the one before.

A line is JSON:

    {"count": ..., "epoch": ..., "hash": ..., "key": ..., "kind": "checkpoint", "line": 3, "previous": ...,
     "seq": ..., "signature": ..., "time": ..., "v": 1}

`seq`, `hash` and `count` are the newest entry's number and hash and how many entries there were; `previous`
is the SHA-256 of the line before, `key` the first 16 hex digits of the SHA-256 of the public key. The
signature (Ed25519, RFC 8032) is over the line without it, keys sorted, no spaces, UTF-8, after `DOMAIN`.

A line of kind `restore` says that a backup was restored: that the chain now ends at its `seq`, and why. What
earlier lines say beyond that number is void.
"""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

DOMAIN: Final = b"livelihood-audit-checkpoint-1\n"
NO_LINE: Final = "0" * 64
_END_OF_KEY: Final = b"-----END PUBLIC KEY-----"
CHECKPOINT: Final = "checkpoint"
RESTORE: Final = "restore"


class CheckpointError(Exception):
    """A file or key that cannot be believed.

    `reason`: json, form, order, link, key, signature, seq, torn; pem for a key.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it says; `time` in UTC, to the second."""

    line: int
    kind: str
    seq: int
    hash: str
    count: int
    epoch: str
    time: str
    previous: str
    key: str
    note: str = ""
    v: int = 1

    @property
    def moment(self) -> dt.datetime:
        """When it was signed."""
        return dt.datetime.fromisoformat(self.time)


def new_key() -> tuple[bytes, bytes]:
    """A private key and its public key, both PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def private_key(pem: bytes) -> Ed25519PrivateKey:
    """Raises CheckpointError (pem)."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as problem:
        raise CheckpointError(0, "pem") from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise CheckpointError(0, "pem")
    return key


def public_keys(pem: bytes) -> list[Ed25519PublicKey]:
    """The keys of a file, one after another: a new key does not make old lines unreadable.

    Raises CheckpointError (pem).
    """
    found = []
    for block in pem.split(_END_OF_KEY)[:-1]:
        try:
            key = load_pem_public_key(block.strip() + b"\n" + _END_OF_KEY + b"\n")
        except ValueError as problem:
            raise CheckpointError(0, "pem") from problem
        if not isinstance(key, Ed25519PublicKey):
            raise CheckpointError(0, "pem")
        found.append(key)
    if not found:
        raise CheckpointError(0, "pem")
    return found


def key_id(key: Ed25519PublicKey) -> str:
    """The name of a key in the lines that it signed."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def signed(line: Line, key: Ed25519PrivateKey) -> bytes:
    """The line as it is appended to the file, with its end of line."""
    said = _said(line)
    said["signature"] = base64.b64encode(key.sign(DOMAIN + _bytes(said))).decode()
    return _bytes(said) + b"\n"


def read_lines(data: bytes, keys: Sequence[Ed25519PublicKey]) -> list[Line]:
    """Every line of a file, each checked against the one before and against the keys.

    Raises CheckpointError with the number of the first line that cannot be believed.
    """
    lines: list[Line] = []
    previous = NO_LINE
    if data and not data.endswith(b"\n"):
        raise CheckpointError(data.count(b"\n") + 1, "torn")
    for number, text in enumerate(data.splitlines(), start=1):
        line = _verified(number, text, keys)
        if line.line != number:
            raise CheckpointError(number, "order")
        if line.previous != previous:
            raise CheckpointError(number, "link")
        if lines and line.kind == CHECKPOINT and line.seq < lines[-1].seq:
            raise CheckpointError(number, "seq")
        lines.append(line)
        previous = line_hash(text)
    return lines


def verify_line(text: bytes, keys: Sequence[Ed25519PublicKey]) -> Line:
    """One line by itself. Raises CheckpointError."""
    return _verified(0, text, keys)


def line_hash(text: bytes) -> str:
    """What the next line carries of a line (without its end)."""
    return hashlib.sha256(text).hexdigest()


def expected_hashes(lines: Sequence[Line]) -> dict[int, str]:
    """The hash that the chain must have at each number, after what restores made void."""
    expected: dict[int, str] = {}
    for line in lines:
        if line.kind == RESTORE:
            expected = {seq: said for seq, said in expected.items() if seq <= line.seq}
        # Two lines for one number: the earlier is what the chain was held to then.
        expected.setdefault(line.seq, line.hash)
    expected.pop(0, None)
    return expected


def _verified(number: int, text: bytes, keys: Sequence[Ed25519PublicKey]) -> Line:
    line, signature = _parsed(number, text)
    key = next((key for key in keys if key_id(key) == line.key), None)
    if key is None:
        raise CheckpointError(number, "key")
    try:
        key.verify(signature, DOMAIN + _bytes(_said(line)))
    except InvalidSignature as problem:
        raise CheckpointError(number, "signature") from problem
    return line


def _said(line: Line) -> dict[str, Any]:
    said = asdict(line)
    if not line.note:
        del said["note"]
    return said


def _bytes(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _parsed(number: int, text: bytes) -> tuple[Line, bytes]:
    try:
        said = json.loads(text)
        signature = base64.b64decode(said.pop("signature"), validate=True)
        line = Line(**said)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise CheckpointError(number, "json") from problem
    wanted = {"line": int, "seq": int, "count": int, "v": int}
    if any(not isinstance(value, wanted.get(name, str)) for name, value in asdict(line).items()):
        raise CheckpointError(number, "form")
    if line.v != 1 or line.kind not in (CHECKPOINT, RESTORE):
        raise CheckpointError(number, "form")
    return line, signature
