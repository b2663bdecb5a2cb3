"""Wrong passwords: who is locked, where, for how long, and who opens it again."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from projects.models import AuditEntry, Authenticator, Membership, RecoveryCode, User
from tests.factories import PASSWORD, World, anchor
from tests.integration.loggingin import CODE, code_of, first_step, give_phone, is_in, log_in

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
HERE, ELSEWHERE = "192.0.2.10", "198.51.100.66"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def wrong(times: int, name: str = "haishu", address: str = HERE) -> None:
    for _try in range(times):
        first_step(Client(), name, "wrong", REMOTE_ADDR=address)


def words_of(page: str) -> str:
    """A page without what differs by chance: its token and the name that was typed."""
    return re.sub(r'value="[^"]*"', "", page)


def test_ten_wrong_passwords_lock_here_and_nowhere_else(world: World, clock: time_machine.Traveller) -> None:
    wrong(9)
    tenth = first_step(Client(), "haishu", "wrong", REMOTE_ADDR=HERE)
    assert tenth.status_code == 429 and "请 15 分钟后再试" in tenth.content.decode()
    clock.shift(dt.timedelta(minutes=10, seconds=30))
    for _try in range(5):
        right = first_step(Client(), "haishu", REMOTE_ADDR=HERE)
    assert right.status_code == 429 and "请 5 分钟后再试" in right.content.decode(), (
        "trying on makes it no longer"
    )
    assert first_step(Client(), "haishu", REMOTE_ADDR=ELSEWHERE).status_code == 302
    assert first_step(Client(), "yinzhou", REMOTE_ADDR=HERE).status_code == 302, (
        "a colleague at the same address"
    )
    clock.shift(dt.timedelta(minutes=5))
    assert first_step(Client(), "haishu", REMOTE_ADDR=HERE).status_code == 302


def test_no_hint_whether_there_is_such_an_account(world: World, clock: time_machine.Traveller) -> None:
    world.users["energy"].is_active = False
    world.users["energy"].save()
    pages = []
    for name in ("haishu", "nobody", "energy"):
        once = first_step(Client(), name, "wrong").content.decode()
        wrong(9, name, "127.0.0.1")
        locked = first_step(Client(), name, "wrong").content.decode()
        pages.append((words_of(once), words_of(locked)))
    assert pages[0] == pages[1] == pages[2]


def test_a_guess_from_everywhere_is_slow_and_locks_nobody_out(
    world: World, clock: time_machine.Traveller
) -> None:
    own = log_in("haishu", REMOTE_ADDR=HERE)
    own.post("/admin/logout/")
    for number in range(30):
        wrong(1, address=f"198.51.100.{number}")
    stranger = first_step(Client(), "haishu", REMOTE_ADDR="203.0.113.5")
    assert stranger.status_code == 429, "the password was not even looked at"
    assert "请 1 分钟后再试" in stranger.content.decode()
    assert first_step(Client(), "nobody", REMOTE_ADDR="203.0.113.5").status_code == 200
    clock.shift(61)
    assert first_step(Client(), "haishu", REMOTE_ADDR="203.0.113.5").status_code == 302, (
        "a minute later it is"
    )
    wrong(1, address="198.51.100.77")
    assert first_step(own, "haishu", REMOTE_ADDR=HERE).status_code == 302, (
        "and one's own browser is not slowed down"
    )


def test_a_known_browser_gets_in_while_others_guess(
    world: World, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.TWO_FACTOR = "optional"
    key, _codes = give_phone(world.users["haishu"])
    own = log_in("haishu", key, REMOTE_ADDR=HERE)
    own.post("/admin/logout/")
    clock.shift(60)
    for number in range(31):
        wrong(1, address=f"198.51.100.{number}")
    assert first_step(own, "haishu", REMOTE_ADDR=HERE)["Location"] == CODE
    page = own.post(CODE, {"code": code_of(key)}, REMOTE_ADDR=HERE, follow=True)
    assert "登录失败了 30 次" in page.content.decode(), "and the person is told"
    other = Client()
    other.cookies["known_browser"] = own.cookies["known_browser"].value[:-3] + "abc"
    assert first_step(other, "haishu").status_code == 429, "an altered cookie is none"
    other.cookies["known_browser"] = own.cookies["known_browser"].value
    for number in range(31):
        wrong(1, "yinzhou", f"198.51.100.{number}")
    assert first_step(other, "yinzhou").status_code == 429, "it is known to one account"


def test_a_session_left_open_is_no_place_to_guess_the_password(
    world: World, clock: time_machine.Traveller
) -> None:
    client, new = log_in("haishu"), "another-Long-1"
    typed = {"new_password1": new, "new_password2": new}
    for _try in range(10):
        client.post("/admin/password_change/", {**typed, "old_password": "wrong"})
    page = client.post("/admin/password_change/", {**typed, "old_password": PASSWORD})
    assert page.status_code == 200 and "请 15 分钟后再试" in page.content.decode()
    assert User.objects.get(username="haishu").check_password(PASSWORD)
    (kept,) = AccessAttempt.objects.values_list("post_data", flat=True)
    assert "old_password" in kept and "wrong" not in kept and new not in kept


@pytest.mark.parametrize(("trusted", "status"), [(["127.0.0.1/32"], 302), ([], 429)])
def test_behind_a_proxy(
    world: World, settings: Settings, clock: time_machine.Traveller, trusted: list[str], status: int
) -> None:
    settings.TRUSTED_PROXIES = trusted
    for _try in range(10):
        first_step(Client(), "haishu", "wrong", HTTP_X_FORWARDED_FOR=f"6.6.6.6, {ELSEWHERE}")
    assert first_step(Client(), "haishu", HTTP_X_FORWARDED_FOR=HERE).status_code == status
    assert first_step(Client(), "haishu", HTTP_X_FORWARDED_FOR=f"{HERE}, {ELSEWHERE}").status_code == 429


def test_an_administrator_unlocks(world: World, clock: time_machine.Traveller) -> None:
    wrong(10)
    wrong(10, "nobody")
    county = User.objects.create_user(username="yinzhou-admin", password="x", is_staff=True)
    Membership.objects.create(user=county, role="administrator", division=world.counties["330212"])
    admin, theirs = Client(), Client()
    admin.force_login(world.users["admin"], backend="django.contrib.auth.backends.ModelBackend")
    theirs.force_login(county, backend="django.contrib.auth.backends.ModelBackend")
    page = admin.get("/admin/projects/user/locked/").content.decode()
    assert ">haishu<" in page and "12:15" in page and ">nobody<" not in page and ">yinzhou<" not in page
    assert ">haishu<" not in theirs.get("/admin/projects/user/locked/").content.decode()
    sent = {"user": world.users["haishu"].pk, "reason": "打过电话"}
    theirs.post("/admin/projects/user/locked/", sent)
    assert first_step(Client(), "haishu", REMOTE_ADDR=HERE).status_code == 429
    admin.post("/admin/projects/user/locked/", sent)
    assert first_step(Client(), "haishu", REMOTE_ADDR=HERE).status_code == 302
    entry = AuditEntry.objects.get(action="user.unlock")
    assert (entry.actor, entry.payload["reason"]) == (world.users["admin"], "打过电话")
    wrong(10)
    call_command("unlock", "haishu")
    assert first_step(Client(), "haishu", REMOTE_ADDR=HERE).status_code == 302
    with pytest.raises(CommandError, match="没有账号"):
        call_command("unlock", "nobody")


def test_an_administrator_resets_a_lost_phone(
    world: World, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.TWO_FACTOR, settings.DEMO = "required", False
    anchor()
    lost, _codes = give_phone(world.users["supervisor"])
    own, _codes = give_phone(world.users["admin"])
    stolen = log_in("supervisor", lost)
    admin = log_in("admin", own)
    assert is_in(stolen)
    address = f"/admin/projects/user/{world.users['supervisor'].pk}/second-factor/"
    assert "请写明原因" in admin.post(address, {"reason": " "}).content.decode()
    assert admin.post(address, {"reason": "手机丢失,已当面确认"}).status_code == 302
    assert not is_in(stolen) and not RecoveryCode.objects.filter(user=world.users["supervisor"]).exists()
    assert first_step(Client(), "supervisor")["Location"] == "/admin/login/phone/"
    entry = AuditEntry.objects.get(action="user.second_factor_reset")
    assert entry.payload["reason"] == "手机丢失,已当面确认"
    assert (
        "已当面确认"
        in admin.get(f"/admin/projects/user/{world.users['supervisor'].pk}/history/").content.decode()
    )
    mine = admin.post(f"/admin/projects/user/{world.users['admin'].pk}/second-factor/", {"reason": "x"})
    assert "“两步登录”页面" in mine.content.decode() and is_in(admin)
    with pytest.raises(CommandError, match="没有启用"):
        call_command("reset_two_factor", "supervisor", reason="x")
    call_command("reset_two_factor", "admin", reason="两样都没有了")
    assert not is_in(admin) and not Authenticator.objects.exists()
    call_command("verify_chain")
