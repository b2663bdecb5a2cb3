"""What of a form is kept, and under which address."""

import pytest

from projects.rules.drafts import (
    MOST_BYTES,
    MOST_FIELDS,
    DraftTooLarge,
    form_address,
    is_secret,
    kept_fields,
    left_out,
    value_of,
)


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("/admin/projects/site/5/change/", "/admin/projects/site/5/change/"),
        ("/en/admin/projects/site/5/change/", "/admin/projects/site/5/change/"),
        ("/admin/projects/site/5/change/?_changelist_filters=q%3Dx&draft=1", "/admin/projects/site/5/change/"),
        ("/admin/projects/site/add/?kind_slug=meal-point", "/admin/projects/site/add/?kind_slug=meal-point"),
        ("/admin/projects/site/add/?kind_slug=meal-point&draft=1#x", "/admin/projects/site/add/?kind_slug=meal-point"),
        ("/supervision/orders/add/?site=3", "/supervision/orders/add/?site=3"),
        # passwords, codes, log-in
        ("/admin/login/", None),
        ("/admin/login/code/", None),
        ("/en/admin/login/", None),
        ("/admin/logout/", None),
        ("/admin/password_change/", None),
        ("/admin/two-factor/", None),
        ("/admin/two-factor/phone/", None),
        ("/admin/projects/user/3/password/", None),
        # elsewhere
        ("/admin/", None),
        ("/admin/projects/site/?q=x", None),  # a list
        ("/", None),
        ("/nearby/", None),
        ("//evil.example/admin/", None),
        ("https://evil.example/admin/", None),
        ("/admin//evil/", None),
        ("/admin/../login/", None),
        ("/admin/\\evil", None),
        ("/admin/x\n/", None),
        ("/admin/" + "x" * 500, None),
        ("", None),
    ],
)  # fmt: skip
def test_form_address(address: str, known: str | None) -> None:
    assert form_address(address) == known


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("csrfmiddlewaretoken", True),
        ("password", True),
        ("new_password1", True),
        ("Old-Passwd", True),
        ("api_token", True),
        ("client_secret", True),
        ("otp", True),
        ("otp-code", True),
        ("验证码", True),
        ("code", False),
        ("key", False),
        ("name", False),
        ("potplant", False),
        ("contributions-0-quantity", False),
    ],
)
def test_secrets_go_by_their_names(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


def test_the_rest_is_kept_in_order() -> None:
    pairs = [
        ("b", "二"),
        ("password", "x"),
        ("a", "1"),
        ("a", "2"),
        ("", "nameless"),
        ("csrfmiddlewaretoken", "y"),
        ("_save", "1"),
    ]
    assert kept_fields(pairs) == (("b", "二"), ("a", "1"), ("a", "2"))
    assert left_out(name for name, _value in pairs) == ("password",)
    assert (value_of(kept_fields(pairs), "a"), value_of((), "a")) == ("2", "")


@pytest.mark.parametrize(
    "pairs",
    [[("a", "字" * (MOST_BYTES // 3))], [("a", "")] * (MOST_FIELDS + 1), [("x" * (MOST_BYTES + 1), "")]],
    ids=["bytes, not characters", "fields", "names"],
)
def test_bounds(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(DraftTooLarge):
        kept_fields(pairs)


def test_half_a_character_is_no_crash() -> None:
    assert kept_fields([("a", "\ud800")]) == (("a", "\ud800"),)
