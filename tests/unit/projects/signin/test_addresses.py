"""Whose address a request has, behind proxies that are trusted and others that are not."""

from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from projects.signin.addresses import client_address

NGINX = ["127.0.0.1/32", "10.0.0.0/8"]


@pytest.mark.parametrize(
    ("trusted", "remote", "forwarded", "found"),
    [
        ([], "192.0.2.7", "", "192.0.2.7"),
        ([], "127.0.0.1", "198.51.100.1", "127.0.0.1"),  # nobody is believed
        (NGINX, "127.0.0.1", "198.51.100.1", "198.51.100.1"),
        (NGINX, "127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # what the client wrote itself
        (NGINX, "127.0.0.1", "6.6.6.6, 198.51.100.1, 10.1.2.3", "198.51.100.1"),  # two proxies of ours
        (NGINX, "127.0.0.1", "10.9.9.9", "10.9.9.9"),  # somebody inside
        (NGINX, "127.0.0.1", "", "127.0.0.1"),
        (NGINX, "127.0.0.1", "nonsense", "127.0.0.1"),
        (NGINX, "127.0.0.1", "6.6.6.6, nonsense", "127.0.0.1"),
        (NGINX, "192.0.2.7", "6.6.6.6", "192.0.2.7"),  # past the proxy
        (NGINX, "::ffff:127.0.0.1", "2001:db8::1", "2001:db8::1"),
        (NGINX, "", "6.6.6.6", None),
    ],
)
def test_client_address(
    settings: Settings, trusted: list[str], remote: str, forwarded: str, found: str | None
) -> None:
    settings.TRUSTED_PROXIES = trusted
    words: dict[str, Any] = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **words)) == found


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("/supervision/?light=red", "/supervision/?light=red"),
        ("/en/admin/projects/site/", "/en/admin/projects/site/"),
        ("", "/admin/"),
        ("https://evil.example/", "/admin/"),
        ("//evil.example/", "/admin/"),
        ("///evil.example/", "/admin/"),
        ("/\\evil.example/", "/admin/"),
        ("\\\\evil.example/", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
        ("/\t/evil.example/", "/admin/"),
        ("/admin/login/?next=/admin/", "/admin/"),
        ("/en/admin/login/code/", "/admin/"),
        ("/admin/logout/", "/admin/"),
    ],
)
def test_only_addresses_of_this_site_are_gone_to(given: str, known: str) -> None:
    from projects.admin.signin import next_address

    assert next_address(RequestFactory().get("/admin/login/"), given) == known
