"""The supervisor's desk over HTTP: who gets in, what each role finds, what is refused, and the files."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client

from projects.actions.areas import store_area
from projects.actions.drafts import ReportDraft
from projects.actions.reports import report_site
from projects.exchange import latefiles
from projects.models import LightSpan, Programme, Site, recordguards
from projects.models.access import system_access
from projects.readmodels.invariants import broken_invariants
from projects.rules.vocabulary import Publication
from tests.factories import CUTOFF, World, square
from tests.integration.adminforms import client_of

pytestmark = pytest.mark.django_db

MARCH, MAY = dt.date(2024, 3, 31), dt.date(2024, 5, 31)
PAGE, API = "/supervision/", "/api/staff/v1/supervision/"
ROLES = ("admin", "haishu", "yinzhou", "energy", "supervisor", "publisher")
EVERYTHING = (
    PAGE,
    "/en/supervision/",
    f"{PAGE}late.csv",
    f"{PAGE}late.xlsx",
    f"{API}late/",
    f"{API}facets/",
    f"{API}tiles/8/214/105.json",
)


@pytest.fixture
def desk(world: World) -> World:
    """A late site in each of two counties, one of each department; one draft; nasty names."""
    world.add(
        world.planned(
            name="海曙标记红",
            baseline_finish=MAY,
            reports=(ReportDraft(MARCH, Decimal(10), "缺人标记", "增派标记"),),
        ),
        world.planned(name="鄞州标记黄", county="330212", reports=(ReportDraft(CUTOFF, Decimal(85)),)),
        world.planned(
            name="能源标记",
            county="330212",
            kind="ev-charging",
            counts_for=(("06-piles", 4),),
            baseline_finish=MAY,
        ),
        world.planned(
            name='=HYPERLINK("http://example.org")<script>alert(1)</script>',
            county="330211",
            baseline_finish=MAY,
            reports=(ReportDraft(MARCH, Decimal(1), "+1+1", "@SUM(A1)"),),
        ),
        world.planned(name="草稿标记", county="330203", publication=Publication.DRAFT, baseline_finish=MARCH),
    )
    return world


MARKS = ("海曙标记红", "鄞州标记黄", "能源标记", "HYPERLINK", "草稿标记")
VISIBLE = {
    "admin": set(MARKS),
    "supervisor": set(MARKS),
    "publisher": set(MARKS),
    "haishu": {"海曙标记红", "草稿标记"},
    "yinzhou": {"鄞州标记黄", "能源标记"},
    "energy": {"能源标记"},
}


def body_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if "spreadsheetml" in answer["Content-Type"]:
        book = openpyxl.load_workbook(io.BytesIO(content))
        return "\n".join(str(cell.value) for sheet in book for row in sheet.rows for cell in row)
    return str(content.decode())


@pytest.mark.parametrize("path", EVERYTHING)
def test_strangers_stay_out(desk: World, path: str) -> None:
    query = "?division=330203&light=red&q=%E7%BA%A2"
    answer = Client().get(path + query)
    if path.startswith("/api/"):
        assert answer.status_code == 403
    else:
        assert answer.status_code == 302
        login = Client()
        prefix = "/en" if path.startswith("/en/") else ""
        assert answer["Location"].startswith(f"{prefix}/admin/login/?next=")
        back = login.post(
            answer["Location"],
            {"username": "supervisor", "password": "correct-horse-battery", "next": path + query},
        )
        assert back["Location"] == path + query, "to the very same address"
    outsider = client_of(desk.users["stranger"]).get(path)
    assert outsider.status_code == 403
    for each in (answer, outsider):
        assert each["Cache-Control"] == "private, no-store"
        assert not any(mark in body_of(each) for mark in MARKS)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_finds_its_own_everywhere(desk: World, role: str) -> None:
    client = client_of(desk.users[role])
    for path in EVERYTHING:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer)
        assert answer["Cache-Control"] == "private, no-store"
        text = body_of(answer)
        seen = {mark for mark in MARKS if mark in text}
        if path.endswith(("facets/", ".json")):
            assert not seen
        else:
            assert seen == VISIBLE[role], path
    facets = client.get(f"{API}facets/").json()
    assert facets["total"] == len(VISIBLE[role])
    assert client.get(f"{API}tiles/8/214/105.json").json()["total"] == len(VISIBLE[role])
    for site in Site.objects.all():
        own = any(mark in site.name for mark in VISIBLE[role])
        answer = client.get(f"{API}late/{site.public_id}/")
        assert answer.status_code == (200 if own else 404)
        assert client.get(f"{API}late/?q={site.name[:5]}").json()["total"] == (1 if own else 0)


def test_only_reading(desk: World) -> None:
    client = client_of(desk.users["supervisor"])
    for path in EVERYTHING:
        assert client.post(path).status_code in (403, 405, 415), path


def test_the_light_is_explained(desk: World) -> None:
    client = client_of(desk.users["supervisor"])
    site = client.get(f"{API}late/?q=海曙标记").json()["sites"][0]
    why = site["why"]
    assert (why["light"], why["reason"], why["overdue_days"]) == ("red", "far_behind", 30)
    assert (why["planned"], why["actual"], why["lag_pp"], why["reported_on"]) == (100, 10, 90, "2024-03-31")
    assert why["lag_percent_of_plan"] == 90
    assert why["finding_zh"] == "按计划应完成 100%,上报 10%,落后 90 个百分点,比计划少 90%。"
    assert why["rule_zh"] == "落后超过 30 个百分点:红灯。"
    assert why["rule_en"] == "Behind by more than 30 percentage points: Red."
    assert (why["policy"]["key"], why["policy"]["version"]) == ("yinchuan-2025", 1)
    assert (why["problem"], why["plan"], why["said_on"]) == ("缺人标记", "增派标记", "2024-03-31")
    assert why["baseline"] == {"start": "2024-01-01", "finish": "2024-05-31"}
    assert why["since"] and why["late_since"] <= why["since"] <= "2024-06-30"
    assert why["agrees_with_stored_light"] is True
    page = client.get(PAGE).content.decode()
    assert "落后超过 30 个百分点:红灯。" in page and "缺人标记" in page
    assert "<script>alert" not in page and "notice--error" not in page
    unreported = client.get(f"{API}late/?q=能源标记").json()["sites"][0]["why"]
    assert (unreported["actual"], unreported["lag_pp"]) == (None, None), "not reported is never 0"
    assert unreported["finding_zh"] == "按计划应完成 100%,没有上报过进度,按 0 计算。"


def test_a_stored_light_that_the_rules_do_not_give_is_said(desk: World) -> None:
    site = Site.objects.get(name="海曙标记红")
    with recordguards.lifted(connection):
        LightSpan.objects.filter(site=site, light="red").update(light="yellow")
    client = client_of(desk.users["supervisor"])
    assert (
        client.get(f"{API}late/{site.public_id}/").json()["site"]["why"]["agrees_with_stored_light"] is False
    )
    assert "notice--error" in client.get(PAGE).content.decode()
    assert site.code in {each.subject for each in broken_invariants() if each.invariant == "lights"}


@pytest.mark.parametrize(
    ("words", "parameter"),
    [
        ("colour=red", "colour"),
        ("light=orange", "light"),
        ("show=none", "show"),
        ("due=abc", "due"),
        ("sort=name", "sort"),
        ("after=1", "after"),
        ("before=x.y.z", "before"),
        ("limit=0", "limit"),
        ("limit=9999", "limit"),
        ("as_of=2031-01-01", "as_of"),
        ("known_at=2999-01-01", "known_at"),
        ("area=aaaaaaaaaaaaaaaa", "area"),
        ("division=' OR 1=1", "division"),
        ("bbox=1,2,3,4", "bbox"),
        ("q=%00", "q"),
        ("q=" + "很" * 61, "q"),
        ("kind=" + ",".join(f"k{n}" for n in range(200)), "kind"),
    ],
)
def test_what_is_unknown_is_refused_by_name(desk: World, words: str, parameter: str) -> None:
    client = client_of(desk.users["supervisor"])
    answer = client.get(f"{API}late/?{words}")
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)
    assert client.get(f"{PAGE}?{words}").status_code == 400
    assert client.get(f"{PAGE}late.csv?{words}").status_code == 400


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}late.csv", f"{API}late/", f"{API}facets/"])
def test_ten_thousand_words_are_refused(desk: World, path: str) -> None:
    client = client_of(desk.users["supervisor"])
    for words in ("&".join(f"kind=k{n}" for n in range(10_000)), "&".join(["light=red"] * 1_500)):
        assert client.get(f"{path}?{words}").status_code == 400


@pytest.mark.parametrize("path", ["tiles/23/0/0.json", "tiles/1/9/9.json"])
def test_tiles_that_are_none(desk: World, path: str) -> None:
    assert client_of(desk.users["supervisor"]).get(API + path).status_code == 400


def test_an_area_narrows_whoever_drew_it_and_shows_no_more(desk: World) -> None:
    drawn = store_area(
        access=desk.access("haishu"), geometry=shape_of(121.5, 29.8), name="海曙画的"
    ).area.public_id
    for role, found in (("supervisor", {"海曙标记红", "草稿标记"}), ("yinzhou", set())):
        client = client_of(desk.users[role])
        rows = client.get(f"{API}late/?area={drawn}").json()["sites"]
        assert {row["name"] for row in rows} == found
        text = client.get(f"{PAGE}?area={drawn}").content.decode()
        assert "海曙画的" in text and ("海曙标记红" in text) == bool(found)
    # Offered unasked to those only who find it in their own list.
    assert "海曙画的" not in client_of(desk.users["yinzhou"]).get(PAGE).content.decode()
    assert "海曙画的" in client_of(desk.users["haishu"]).get(PAGE).content.decode()


def shape_of(west: float, south: float) -> Any:
    import shapely

    return shapely.from_wkb(bytes(square(west, south).wkb))


def test_links_keep_the_words_and_lead_to_what_they_say(desk: World) -> None:
    client = client_of(desk.users["supervisor"])
    page = client.get(f"{PAGE}?light=red&sort=gap&limit=1").content.decode()
    assert "light=red&amp;sort=gap&amp;limit=1&amp;after=" in page
    assert 'href="/supervision/late.csv?light=red' in page
    first = client.get(f"{API}late/?light=red&sort=gap&limit=1").json()
    seen = [first["sites"][0]["name"]]
    while first["next"]:
        first = client.get(first["next"]).json()
        seen += [row["name"] for row in first["sites"]]
    assert len(seen) == len(set(seen)) == first["total"] == 4


def test_a_pinned_address_answers_the_same_for_ever(desk: World) -> None:
    client = client_of(desk.users["supervisor"])
    page = client.get(f"{PAGE}?light=red").content.decode()
    pinned = page.split('href="')
    address = next(each.split('"')[0] for each in pinned if "known_at=" in each.split('"')[0]).replace(
        "&amp;", "&"
    )
    before = client.get(address).context["rows"]
    site = Site.objects.get(name="海曙标记红")
    report_site(access=system_access(), site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(100)))
    assert {row.row.name for row in client.get(f"{PAGE}?light=red").context["rows"]} < {
        row.row.name for row in before
    }
    again = client.get(address)
    assert [(row.row.name, row.why) for row in again.context["rows"]] == [
        (row.row.name, row.why) for row in before
    ]
    assert "录入截止" in again.content.decode()


def test_the_csv_says_everything_and_runs_nothing(desk: World) -> None:
    client = client_of(desk.users["supervisor"])
    answer = client.get(f"{PAGE}late.csv?light=red")
    assert answer.streaming and 'filename="late-2024-06-30.csv"' in answer["Content-Disposition"]
    head, titles, *rows = list(csv.reader(io.StringIO(body_of(answer).removeprefix("\ufeff"))))
    assert "light=red" in head[0] and "2024-06-30" in head[0] and "known_at=" in head[0]
    assert "supervisor" in head[0] and "不得对外公布" in head[0]
    assert len(rows) == 4 and {len(row) for row in rows} == {len(titles)} == {len(latefiles.COLUMNS)}
    for row in rows:
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row)
    # Some spreadsheets drop what cannot be seen, and run what is left.
    assert [latefiles._as_text(text)[0] for text in ("\u200b=1", " =1", "\x01=1")] == ["'"] * 3
    found = {row[1]: dict(zip(titles, row, strict=True)) for row in rows}
    red = found["海曙标记红"]
    assert (red["上报进度 %"], red["计划进度 %"], red["落后(百分点)"]) == ("10.00", "100.00", "90.00")
    assert (red["逾期天数"], red["堵点卡点"], red["重算与存储一致"]) == ("30", "缺人标记", "是")
    assert found["能源标记"]["上报进度 %"] == ""


def test_the_xlsx_is_capped_and_says_so(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(desk.users["supervisor"])
    monkeypatch.setattr("projects.pages.supervision.MOST_XLSX_ROWS", 2)
    monkeypatch.setattr(latefiles, "MOST_XLSX_ROWS", 2)
    answer: Any = client.get(f"{PAGE}late.xlsx?q=&sort=overdue")
    content = b"".join(answer.streaming_content)
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet, notes = book.worksheets
    rows = list(sheet.values)
    assert len(rows) == 1 + 2 + 1
    assert "5" in str(rows[-1][0]) and "CSV" in str(rows[-1][0])
    assert not any(cell.data_type == "f" for row in sheet.rows for cell in row)
    assert {row[0] for row in notes.values} >= {"数据截止", "录入截止", "筛选", "知悉范围"}


def test_nothing_late_and_no_programme_are_said(world: World) -> None:
    client = client_of(world.users["supervisor"])
    assert "没有滞后的点位" in client.get(PAGE).content.decode()
    assert "没有符合条件的点位" in client.get(f"{PAGE}?light=red").content.decode()
    assert "未来 7 天内" in client.get(f"{PAGE}?due=7").content.decode()
    Programme.objects.update(deleted_seq=1)
    from projects.readmodels import siteindex

    siteindex.forget()
    answer = client.get(PAGE)
    assert (answer.status_code, "还没有年度民生实事" in answer.content.decode()) == (200, True)
    assert client.get(f"{PAGE}late.csv").status_code == 404
    assert client.get(f"{API}late/").status_code == 404


def test_the_english_page_is_english(desk: World) -> None:
    page = client_of(desk.users["supervisor"]).get("/en/supervision/").content.decode()
    assert "Behind by more than 30 percentage points: Red." in page
    assert "Supervision: late sites" in page


def test_public_pages_say_nothing_of_it(desk: World) -> None:
    for path in ("/", "/districts/", "/nearby/"):
        assert "supervision" not in Client().get(path).content.decode()
    admin = client_of(desk.users["supervisor"]).get("/admin/").content.decode()
    assert 'href="/supervision/"' in admin


def test_json_is_plain(desk: World) -> None:
    answer = client_of(desk.users["supervisor"]).get(f"{API}late/?limit=1")
    told = json.loads(answer.content)
    assert told["as_of"] == "2024-06-30" and told["programme"] == "330200-2024" and told["due"] == 30
    assert "Access-Control-Allow-Origin" not in answer
