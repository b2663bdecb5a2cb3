"""Settings that make no sense stop the start with the name of the variable."""

import pytest

from config.env import Environment, SettingsError


def env(**values: str) -> Environment:
    return Environment(values, {})


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", []),
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("10.0.0.0/8, ::1", ["10.0.0.0/8", "::1/128"]),
    ],
)
def test_networks(given: str, read: list[str]) -> None:
    assert env(TRUSTED_PROXIES=given).networks("TRUSTED_PROXIES") == read


@pytest.mark.parametrize("given", ["nginx", "10.0.0.1/8", "*", "127.0.0.1:8000"])
def test_networks_that_are_none(given: str) -> None:
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
        env(TRUSTED_PROXIES=given).networks("TRUSTED_PROXIES")


def test_several_of_a_list() -> None:
    known = frozenset({"administrator", "verifier"})
    assert env().several("TWO_FACTOR_ROLES", known, "verifier") == ["verifier"]
    assert env(TWO_FACTOR_ROLES="").several("TWO_FACTOR_ROLES", known, "verifier") == []
    with pytest.raises(SettingsError, match=r"TWO_FACTOR_ROLES.*'verifyer'"):
        env(TWO_FACTOR_ROLES="administrator,verifyer").several("TWO_FACTOR_ROLES", known, "")
