"""The system checks of the admin: what knows no scope is found before anybody opens it."""

from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path

from projects.admin.base import ScopedAdmin
from projects.admin.checks import check_scopes, of_addresses, of_admins
from projects.admin.staffsite import StaffSite
from projects.models import ChangeHead, Contribution, Department, Site


class _LooseInline(admin.TabularInline[Contribution, Site]):
    model = Contribution


def _found(found: Any) -> list[tuple[str, str]]:
    return [(message.id, message.hint) for message in found]


def test_the_admin_as_it_is_has_nothing_to_find() -> None:
    assert check_scopes(None) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"inlines": [_LooseInline]}, ["projects.E102"]),
        ({"raw_id_fields": ["managed_by"]}, ["projects.E102"]),
        ({"list_editable": ["name"]}, ["projects.E102"]),
    ],
)
def test_what_writes_past_scope_is_found(changes: dict[str, Any], expected: list[str]) -> None:
    site = StaffSite(name="other")
    site.register(Site, type("Loose", (ScopedAdmin,), changes))
    assert [number for number, _hint in _found(of_admins(site))] == expected


def test_an_admin_without_scope_is_found() -> None:
    site = admin.AdminSite(name="other")
    site.register(ChangeHead, admin.ModelAdmin)
    assert [message.id for message in of_admins(site)] == ["projects.E101"]


def test_an_address_without_the_door_is_found() -> None:
    class Open(ScopedAdmin[Department]):
        def get_urls(self) -> Any:
            behind = self.admin_site.admin_view(self.mine)
            return [
                path("open/", self.mine, name="open"),
                path("mine/", behind, name="mine"),
                *super().get_urls(),
            ]

        def mine(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

    class Foreign(ScopedAdmin[Site]):
        def get_urls(self) -> Any:
            # Behind the door, and still nobody's: a function knows no rows.
            return [path("far/", self.admin_site.admin_view(_nobodys), name="far"), *super().get_urls()]

    site = StaffSite(name="other")
    site.register(Department, Open)
    site.register(Site, Foreign)
    found = list(of_addresses(site))
    assert [message.id for message in found] == ["projects.E103"] * 2
    assert sorted(message.msg.split("(")[1].split(")")[0] for message in found) == ["far", "open"]
    assert all(message.hint for message in found)


def _nobodys(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
