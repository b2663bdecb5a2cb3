"""Codes as people type them."""

import pytest

from projects.rules.codes import (
    is_totp,
    key_text,
    key_uri,
    new_key,
    new_recovery_codes,
    typed_code,
)


@pytest.mark.parametrize(
    ("typed", "meant", "totp"),
    [
        ("123456", "123456", True),
        (" 123 456 ", "123456", True),
        ("123456", "123456", True),
        ("abcd-efgh-jk23", "ABCDEFGHJK23", False),
        ("ABCD–EFGH JK23", "ABCDEFGHJK23", False),
        ("12345", "12345", False),
        ("", "", False),
        ("٣٣٣٣٣٣", "٣٣٣٣٣٣", False),  # digits of another script are no code
        ("9" * 500, "9" * 64, False),
    ],
)
def test_typed_codes(typed: str, meant: str, totp: bool) -> None:
    assert typed_code(typed) == meant
    assert is_totp(typed_code(typed)) is totp


def test_recovery_codes_are_ten_and_easy_to_copy() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert len(code) == 14 and not set(code) & set("01IOLa")
        assert not is_totp(typed_code(code))


def test_a_key_as_text_and_as_uri() -> None:
    key = b"12345678901234567890"
    assert key_text(key) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    uri = key_uri(key, username="li.ming@区", issuer="身边 民生")
    assert uri.startswith(
        "otpauth://totp/%E8%BA%AB%E8%BE%B9%20%E6%B0%91%E7%94%9F:li.ming%40%E5%8C%BA?secret=GEZDGNBV"
    )
    assert uri.endswith("&issuer=%E8%BA%AB%E8%BE%B9%20%E6%B0%91%E7%94%9F")
    assert new_key() != new_key() and len(new_key()) == 20
