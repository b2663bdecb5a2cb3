"""Lines of the checkpoint file: signed, chained, and read back by the public key alone."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from projects.rules.checkpoints import (
    CHECKPOINT,
    NO_LINE,
    RESTORE,
    CheckpointError,
    Line,
    expected_hashes,
    key_id,
    line_hash,
    new_key,
    private_key,
    public_keys,
    read_lines,
    signed,
)

PRIVATE, PUBLIC = new_key()
KEY = private_key(PRIVATE)
KEYS = public_keys(PUBLIC)


def line(number: int, seq: int, previous: str, *, kind: str = CHECKPOINT, said: str = "") -> Line:
    digest = said or f"{seq:064x}"
    return Line(number, kind, seq, digest, seq, "e", "2024-07-01T00:00:00Z", previous, key_id(KEYS[0]))


def file_of(*seqs: int) -> bytes:
    data, previous = b"", NO_LINE
    for number, seq in enumerate(seqs, start=1):
        text = signed(line(number, seq, previous), KEY)
        data, previous = data + text, line_hash(text.rstrip(b"\n"))
    return data


def test_a_file_reads_back_as_it_was_written() -> None:
    lines = read_lines(file_of(3, 3, 9), KEYS)
    assert [(each.line, each.seq) for each in lines] == [(1, 3), (2, 3), (3, 9)]
    assert expected_hashes(lines) == {3: f"{3:064x}", 9: f"{9:064x}"}
    assert read_lines(b"", KEYS) == []


def swap(data: bytes) -> bytes:
    first, second, *others = data.splitlines(keepends=True)
    return b"".join([second, first, *others])


@pytest.mark.parametrize(
    ("damage", "number", "reason"),
    [
        (lambda data: data.replace(b'"seq":9', b'"seq":8'), 3, "signature"),
        (lambda data: data.replace(b'"count":4', b'"count":5'), 2, "signature"),
        (lambda data: data.replace(b"2024-07-01", b"2024-07-02", 1), 1, "signature"),
        (lambda data: b"".join(data.splitlines(keepends=True)[1:]), 1, "order"),
        (lambda data: b"".join(data.splitlines(keepends=True)[::2]), 2, "order"),
        (swap, 1, "order"),
        (lambda data: data + file_of(10), 4, "order"),
        (lambda data: data[:-1], 3, "torn"),
        (lambda data: data + b"{}\n", 4, "json"),
        (lambda data: data + b"\xff\n", 4, "json"),
        (lambda data: data.replace(b'"v":1', b'"v":"1"', 1), 1, "form"),
        (lambda data: data.replace(b'"v":1', b'"v":2', 1), 1, "form"),
        (lambda data: data.replace(b'"signature":"', b'"signature":"!', 1), 1, "json"),
    ],
)
def test_the_first_line_that_cannot_be_believed_is_named(
    damage: Callable[[bytes], bytes], number: int, reason: str
) -> None:
    with pytest.raises(CheckpointError) as refused:
        read_lines(damage(file_of(3, 4, 9)), KEYS)
    assert (refused.value.line, refused.value.reason) == (number, reason)


def test_every_single_byte_counts() -> None:
    data = file_of(3, 9)
    for place in range(0, len(data) - 1, 7):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(CheckpointError):
            read_lines(bytes(changed), KEYS)


def test_a_line_of_another_key_or_history_is_refused() -> None:
    other, _public = new_key()
    forged = signed(line(1, 3, NO_LINE), private_key(other))
    with pytest.raises(CheckpointError, match="signature"):
        read_lines(forged, KEYS)
    stranger = replace(line(1, 3, NO_LINE), key="0" * 16)
    with pytest.raises(CheckpointError, match="key"):
        read_lines(signed(stranger, KEY), KEYS)
    first = signed(line(1, 3, NO_LINE), KEY)
    with pytest.raises(CheckpointError, match="link"):
        read_lines(first + signed(line(2, 9, NO_LINE), KEY), KEYS)
    back = signed(line(2, 2, line_hash(first.rstrip(b"\n"))), KEY)
    with pytest.raises(CheckpointError, match="seq"):
        read_lines(first + back, KEYS)


def test_a_restore_makes_what_was_signed_beyond_void_and_nothing_else() -> None:
    lines = [line(1, 3, ""), line(2, 9, ""), line(3, 5, "", kind=RESTORE), line(4, 9, "", said="new")]
    assert expected_hashes(lines) == {3: f"{3:064x}", 5: f"{5:064x}", 9: "new"}
    # Two hashes for one number without a restore between: the chain is held to the first.
    assert expected_hashes([line(1, 3, ""), line(2, 3, "", said="other")]) == {3: f"{3:064x}"}


def test_old_keys_stay_in_the_public_file() -> None:
    _other, public = new_key()
    assert [key_id(key) for key in public_keys(public + PUBLIC)][1] == key_id(KEYS[0])
    assert read_lines(file_of(3), public_keys(public + PUBLIC))
    for text in (b"", b"no key", PRIVATE, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(CheckpointError, match="pem"):
            public_keys(text)
    with pytest.raises(CheckpointError, match="pem"):
        private_key(PUBLIC)


def test_a_line_is_plain_json_with_sorted_keys() -> None:
    said = json.loads(file_of(3))
    assert list(said) == sorted(said)
    assert "note" not in said
