"""The two steps of a log-in: who is asked for what, which codes are taken, what a half-way session opens."""

import datetime as dt
import logging
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django.fixtures import Settings

from projects.actions.secondfactor import check_code
from projects.models import AuditEntry, Authenticator, Membership, RecoveryCode, User
from projects.rules.codes import new_key, typed_code
from tests.factories import PASSWORD, World
from tests.integration.adminwalk import addresses
from tests.integration.loggingin import (
    CODE,
    LOGIN,
    PHONE,
    code_of,
    first_step,
    give_phone,
    is_in,
    log_in,
    secret_on,
)

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _required(settings: Settings) -> None:
    settings.TWO_FACTOR = "required"
    settings.IDLE_MINUTES = 30
    settings.DEMO = False


@pytest.mark.parametrize(
    ("mode", "who", "has_phone", "leads_to"),
    [
        ("off", "supervisor", False, "/admin/"),
        ("off", "supervisor", True, "/admin/"),
        ("optional", "supervisor", False, "/admin/"),
        ("optional", "supervisor", True, CODE),
        ("required", "supervisor", False, PHONE),
        ("required", "supervisor", True, CODE),
        ("required", "admin", False, PHONE),
        ("required", "publisher", False, PHONE),
        ("required", "haishu", False, "/admin/"),  # not among TWO_FACTOR_ROLES
        ("required", "haishu", True, CODE),
        ("required", "energy", False, "/admin/"),
        ("required", "stranger", False, "/admin/"),  # and from there nowhere
    ],
)
def test_where_the_password_leads(
    world: World, settings: Settings, mode: str, who: str, has_phone: bool, leads_to: str
) -> None:
    if has_phone:
        give_phone(world.users[who])
    settings.TWO_FACTOR = mode
    client = Client()
    assert first_step(client, who)["Location"] == leads_to
    assert is_in(client) is (leads_to == "/admin/" and who != "stranger")


@pytest.mark.parametrize(("demo_mode", "leads_to"), [(True, "/admin/"), (False, PHONE)])
def test_demo_accounts_do_without_in_demo_mode(
    world: World, settings: Settings, demo_mode: bool, leads_to: str
) -> None:
    settings.DEMO = demo_mode
    User.objects.filter(username="supervisor").update(is_demo=True)
    assert first_step(Client(), "supervisor")["Location"] == leads_to


@pytest.mark.parametrize("has_phone", [True, False], ids=["before the code", "before the phone is set up"])
def test_half_way_in_opens_nothing(world: World, has_phone: bool) -> None:
    if has_phone:
        give_phone(world.users["admin"])
    client = Client()
    step = first_step(client, "admin")["Location"]
    tried = [address.path for address in addresses({})]
    tried += ["/admin/password_change/", "/admin/password_change/done/", "/admin/two-factor/", "/supervision/",
              "/supervision/late.csv", "/en/admin/", "/admin/jsi18n/"]  # fmt: skip
    for address in tried:
        response = client.get(address)
        assert response.status_code == 302 and "/admin/login/?next=" in response["Location"], address
        assert client.post(address, {"reason": "x", "do": "remove"}).status_code in (302, 403, 405), address
    for path in ("drafts/?address=/admin/", "supervision/late/", "supervision/facets/", "areas/"):
        response = client.get(f"/api/staff/v1/{path}")
        assert response.status_code in (401, 403), path
    assert client.get(step).status_code == 200, "and the second step is still there"
    assert "logout" not in client.get(step).content.decode()


# ---------------------------------------------------------------------------------------------- codes


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [
        (-31, False),
        (-30, True),
        (-1, True),
        (0, True),
        (29, True),
        (30, True),
        (59, True),
        (60, False),
        (90, False),
    ],
    ids=str,
)
def test_a_code_is_good_for_its_step_and_one_beside_it(world: World, seconds: int, taken: bool) -> None:
    """`seconds` from the beginning of the code's step."""
    with time_machine.travel(NOON - dt.timedelta(hours=1), tick=False):
        key, _codes = give_phone(world.users["admin"])
    code, now = code_of(key, NOON), NOON + dt.timedelta(seconds=seconds)
    assert check_code(user=world.users["admin"], typed=code, now=now).passed is taken


def test_a_code_is_good_once(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        key, _codes = give_phone(world.users["admin"])
        assert is_in(log_in("admin", key))
        again = Client()
        first_step(again, "admin")
        page = again.post(CODE, {"code": code_of(key)})
        assert page.status_code == 200 and not is_in(again)
        assert "已用过" in page.content.decode()
        assert "服务器现在是 2026-03-02 12:00:00" in page.content.decode()
        assert again.post(CODE, {"code": code_of(key, steps=-1)}).status_code == 200, "an older one, too"
        clock.shift(30)
        spaced = code_of(key)
        assert again.post(CODE, {"code": f"{spaced[:3]} {spaced[3:]}"})["Location"] == "/admin/"
        assert is_in(again)


def test_a_recovery_code_is_good_once(world: World) -> None:
    _key, codes = give_phone(world.users["admin"])
    assert len(codes) == 10
    stored = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert not any(typed_code(code) in digest.upper() for code in codes for digest in stored)
    client = Client()
    first_step(client, "admin")
    assert client.post(CODE, {"code": codes[3].lower().replace("-", " ")})["Location"] == "/admin/"
    assert "还剩 9 个" in client.get("/admin/").content.decode()
    again = Client()
    first_step(again, "admin")
    assert again.post(CODE, {"code": codes[3]}).status_code == 200 and not is_in(again)
    assert again.post(CODE, {"code": codes[4]}).status_code == 302 and is_in(again)
    assert RecoveryCode.objects.count() == 8


def test_wrong_codes_slow_down_and_lock(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        key, _codes = give_phone(world.users["admin"])
        client = Client()
        first_step(client, "admin")
        for _try in range(3):
            client.post(CODE, {"code": "000000"})
        page = client.post(CODE, {"code": code_of(key)})
        assert "请等 4 秒" in page.content.decode() and not is_in(client)
        clock.shift(4)
        assert client.post(CODE, {"code": code_of(key)}).status_code == 302 and is_in(client)
        assert Authenticator.objects.get().failures == 0
        for number in range(10):
            if number >= 3:
                clock.shift(600)
                # Only what falls into a quarter of an hour counts together: the delays alone hold it back.
            thief = Client(REMOTE_ADDR="198.51.100.9")
            first_step(thief, "admin")
            thief.post(CODE, {"code": "000000"})
        assert Authenticator.objects.get().failures == 10


def test_wrong_codes_count_like_wrong_passwords(world: World) -> None:
    key, _codes = give_phone(world.users["admin"])
    client = Client()
    for _try in range(9):
        first_step(client, "admin", "wrong")
    first_step(client, "admin")
    page = client.post(CODE, {"code": "000000"})
    assert page.status_code == 429 and "15 分钟后" in page.content.decode()
    assert client.post(CODE, {"code": code_of(key)}).status_code == 429
    assert not is_in(client)


# ------------------------------------------------------------------------------------------- sessions


def test_the_session_is_new_after_each_step(world: World) -> None:
    key, _codes = give_phone(world.users["admin"])
    client = Client()
    client.cookies["sessionid"] = planted = "planted0planted0planted0planted0"
    client.get(LOGIN)
    first_step(client, "admin")
    half = client.cookies["sessionid"].value
    client.post(CODE, {"code": code_of(key)})
    full = client.cookies["sessionid"].value
    assert len({planted, half, full}) == 3
    assert set(Session.objects.values_list("session_key", flat=True)) == {full}


def test_half_way_in_ends_after_ten_minutes_and_with_the_password(world: World) -> None:
    key, _codes = give_phone(world.users["admin"])
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=False) as clock:
        client, other = Client(), Client()
        first_step(client, "admin")
        first_step(other, "admin")
        clock.shift(601)
        assert client.post(CODE, {"code": code_of(key)})["Location"] == LOGIN
        first_step(client, "admin")
        world.users["admin"].set_password("another-long-one-77")
        world.users["admin"].save()
        assert client.post(CODE, {"code": code_of(key)})["Location"] == LOGIN and not is_in(client)


def test_a_new_password_and_a_new_phone_end_other_log_ins(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        key, _codes = give_phone(world.users["admin"])
        here = log_in("admin", key)
        clock.shift(60)
        there = log_in("admin", key)
        changed = {
            "old_password": PASSWORD,
            "new_password1": "Long-enough-77",
            "new_password2": "Long-enough-77",
        }
        assert here.post("/admin/password_change/", changed).status_code == 302
        assert is_in(here) and not is_in(there)
        clock.shift(60)
        there = log_in("admin", key, password="Long-enough-77")
        clock.shift(60)
        sent = {"password": "Long-enough-77", "code": code_of(key), "do": "phone"}
        phone = here.post("/admin/two-factor/", sent)["Location"]
        new = secret_on(here.get(phone))
        assert "恢复码" in here.post(phone, {"code": code_of(new)}).content.decode()
        assert is_in(here) and not is_in(there)
        clock.shift(60)
        assert is_in(log_in("admin", new, password="Long-enough-77"))


def test_a_role_that_needs_a_code_ends_a_log_in_without_one(world: World) -> None:
    client = log_in("haishu")
    assert is_in(client)
    Membership.objects.create(user=world.users["haishu"], role="verifier")
    assert not is_in(client)
    assert first_step(client, "haishu")["Location"] == PHONE


def test_it_goes_back_to_where_it_was(world: World) -> None:
    key, _codes = give_phone(world.users["admin"])
    for given, known in (
        ("/supervision/?light=red", "/supervision/?light=red"),
        ("//evil.example/", "/admin/"),
    ):
        client = Client()
        first_step(client, "admin", next=given)
        with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=len(given))):
            assert client.post(CODE, {"code": code_of(key)})["Location"] in (known, LOGIN)
    client = Client()
    assert first_step(client, "haishu", next="https://evil.example/")["Location"] == "/admin/"


# -------------------------------------------------------------------------------------- setting it up


def test_setting_it_up_before_anything_else(world: World, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    first_step(client, "supervisor", next="/supervision/")
    page = client.get(PHONE)
    assert 'src="data:image/png;base64,' in page.content.decode() and "style=" not in page.content.decode()
    key = secret_on(page)
    assert secret_on(client.get(PHONE)) == key, "it does not change while the phone is read"
    with caplog.at_level(logging.DEBUG):
        wrong = client.post(PHONE, {"code": "000000"})
        assert "服务器现在是" in wrong.content.decode() and not is_in(client)
        done = client.post(PHONE, {"code": code_of(key)})
    assert done.content.decode().count("<code>") == 10 and 'href="/supervision/"' in done.content.decode()
    assert "no-store" in done["Cache-Control"]
    assert client.get("/supervision/").status_code == 200
    entry = AuditEntry.objects.get(action="user.second_factor")
    assert (entry.subject_id, entry.actor) == (str(world.users["supervisor"].pk), world.users["supervisor"])
    secrets = (key.hex(), code_of(key), key.hex()[:12])
    for told in (str(entry.payload), caplog.text, Authenticator.objects.get().sealed_key):
        assert not any(secret in told for secret in secrets)


def test_a_password_alone_does_not_replace_a_phone(world: World) -> None:
    """Two browsers with the password: whoever was first has set it up."""
    first, second = Client(), Client()
    for client in (first, second):
        first_step(client, "supervisor")
    late = secret_on(second.get(PHONE))
    mine = secret_on(first.get(PHONE))
    first.post(PHONE, {"code": code_of(mine)})
    assert is_in(first)
    second.post(PHONE, {"code": code_of(late)})
    assert not is_in(second) and is_in(first)


def test_ones_own_page_takes_password_and_code(world: World, settings: Settings) -> None:
    settings.TWO_FACTOR = "optional"
    with time_machine.travel(NOON, tick=False) as clock:
        client = log_in("haishu")
        assert client.post("/admin/two-factor/", {"do": "phone", "password": "wrong"}).status_code == 200
        assert client.get("/admin/two-factor/phone/").status_code == 302, "nothing was offered"
        phone = client.post("/admin/two-factor/", {"do": "phone", "password": PASSWORD})["Location"]
        key = secret_on(client.get(phone))
        client.post(phone, {"code": code_of(key)})
        assert is_in(client)
        old = set(RecoveryCode.objects.values_list("digest", flat=True))
        for wrong in ({"password": PASSWORD}, {"password": "x", "code": code_of(key, steps=1)},
                      {"password": PASSWORD, "code": code_of(key)}):  # fmt: skip
            for do in ("codes", "phone", "remove"):
                answer = client.post("/admin/two-factor/", {"do": do, **wrong})
                assert answer.status_code == 200 and "<code>" not in answer.content.decode()
                clock.shift(1000)
        # Each of them was a request, so the log-in goes on.
        codes = client.post("/admin/two-factor/", {"do": "codes", "password": PASSWORD, "code": code_of(key)})
        assert codes.content.decode().count("<code>") == 10
        assert not old & set(RecoveryCode.objects.values_list("digest", flat=True))
        clock.shift(30)
        other = log_in("haishu", key)
        clock.shift(30)
        client.post("/admin/two-factor/", {"do": "remove", "password": PASSWORD, "code": code_of(key)})
        assert is_in(client) and not is_in(other) and not Authenticator.objects.exists()


def test_who_must_have_it_cannot_switch_it_off(world: World) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        key, _codes = give_phone(world.users["admin"])
        client = log_in("admin", key)
        clock.shift(60)
        client.post("/admin/two-factor/", {"do": "remove", "password": PASSWORD, "code": code_of(key)})
        assert Authenticator.objects.exists() and is_in(client)


def test_after_a_change_of_the_secret_key(world: World, settings: Settings) -> None:
    with time_machine.travel(NOON, tick=False):
        key, codes = give_phone(world.users["admin"])
        old = settings.SECRET_KEY
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [old]
        assert is_in(log_in("admin", key)), "the old key still opens"
        settings.SECRET_KEY_FALLBACKS = []
        client = Client()
        first_step(client, "admin")
        page: Any = client.post(CODE, {"code": code_of(key)})
        assert "系统换过密钥" in page.content.decode() and not is_in(client)
        assert not check_code(user=world.users["admin"], typed=codes[0], now=NOON).passed
    assert new_key() != key
