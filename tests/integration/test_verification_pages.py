"""The pages of verification: a visit with list, position and photo, the desk, rework, rounds; each in its scope."""

import csv
import datetime as dt
import hashlib
import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from projects.actions.checklists import load_checklists
from projects.actions.drafts import ReportDraft
from projects.actions.reports import report_site
from projects.models import Photo, Sample, SampledSite, Site, Verification
from projects.rules.vocabulary import Service, Stage
from tests.factories import World
from tests.integration.adminforms import client_of, fetch_form, form_of
from tests.integration.importpages import text_of
from tests.integration.verifying import (
    REVISIT,
    SELF,
    UNUSABLE,
    VISITED,
    add_people,
    finished,
    scheme,
    through,
    visit,
)
from tests.photographs import photo

pytestmark = pytest.mark.django_db

DESK = "/admin/projects/verification/desk/"


@pytest.fixture
def people(world: World) -> World:
    add_people(world)
    load_checklists(access=world.access("admin"))
    return world


def verify_url(site: Site) -> str:
    return f"/admin/projects/site/{site.pk}/verify/"


def filled(client: Client, site: Site, **typed: Any) -> dict[str, Any]:
    """The form as the page gives it, the meal point's list answered with yes."""
    form = fetch_form(client, verify_url(site), "visit-form")
    answers = {
        f"item_{key}": "yes"
        for key in ("at_place", "serves", "licence", "price_shown", "access", "fire", "sign")
    }
    return {**form, **answers, "result": "passed", "visited_on": VISITED.isoformat(), **typed}


class TestAVisit:
    def test_it_keeps_answers_position_and_photo(self, people: World) -> None:
        site = finished(people)
        report_site(
            access=people.access("haishu"),
            site_id=site.pk,
            report=ReportDraft(dt.date(2024, 6, 1), Decimal(100), problem="", plan="已贴标识"),
        )
        client = client_of(people.users["haishu2"])
        page = client.get(verify_url(site)).content.decode()
        assert "今天供餐" in page and "已贴标识" in page and "data-position" in page
        taken = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
        data = filled(
            client, site, device_lon="121.55", device_lat="29.86", device_accuracy="20", photos=[taken]
        )
        response = client.post(verify_url(site), data, follow=True)
        assert response.redirect_chain[0][0].startswith(DESK)
        text = response.content.decode()
        assert "已记录:区县自查,通过" in text and "离点位约 1108 米" in text
        row = Verification.objects.get()
        assert (row.result, row.is_far, row.answers["serves"]) == ("passed", True, "yes")
        assert [each.purpose for each in Photo.objects.filter(verification=row)] == ["verification"]
        # The site's own page tells it to staff.
        shown = client.get(f"/admin/projects/site/{site.pk}/change/").content.decode()
        assert "待部门核查" in shown and "太远" in shown

    def test_what_is_wrong_is_said_beside_the_item(self, people: World) -> None:
        site = finished(people)
        client = client_of(people.users["haishu2"])
        for typed, said in (
            ({"item_serves": "no"}, "这一项为“否”"),
            ({"item_fire": ""}, "请填写这一项"),
            ({"result": "returned"}, "请写明原因"),
            ({"result": "returned", "reasons": "x", "stage_after": "building"}, "现场认定的形象进度"),
            ({"result": "usable"}, "errorlist"),
            ({"visited_on": "2024-05-01"}, "不能早于完工日期"),
            ({"version": "99"}, "已被他人修改"),
        ):
            response = client.post(verify_url(site), filled(client, site, **typed))
            assert response.status_code == 200 and said in response.content.decode(), typed
        assert not Verification.objects.exists()

    def test_a_mistake_costs_neither_photo_nor_position(self, people: World) -> None:
        site = finished(people)
        client = client_of(people.users["haishu2"])
        taken = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
        fix = {"device_lon": "121.55", "device_lat": "29.86", "device_accuracy": "20"}
        data = filled(client, site, result="returned", photos=[taken], **fix)
        page = client.post(verify_url(site), data)
        assert "已收到 1 张" in text_of(page.content.decode())
        again = form_of(page.content.decode(), "visit-form") | {"reasons": "没有标牌"}
        client.post(verify_url(site), again)
        row = Verification.objects.get()
        assert row.is_far and Photo.objects.filter(verification=row).count() == 1

    @pytest.mark.parametrize(
        ("who", "status"),
        [("haishu", 403), ("yinzhou", 302), ("verifier", 403), ("supervisor", 403), ("civil", 403)],
    )
    def test_who_may_not(self, people: World, who: str, status: int) -> None:
        site = finished(people, name="不可见的名称")
        report_site(
            access=people.access("haishu"), site_id=site.pk, report=ReportDraft(VISITED, Decimal(100))
        )
        client = client_of(people.users[who])
        response = client.get(f"{verify_url(site)}?level=self_check")
        assert response.status_code == status
        post = {"level": "self_check", "version": "2", "result": "passed", "visited_on": "2024-06-10"}
        assert client.post(verify_url(site), post).status_code == status
        assert not Verification.objects.exists()
        if who == "haishu":
            assert "您填报过这个点位" in response.content.decode()

    def test_a_return_and_its_rework(self, people: World) -> None:
        site = finished(people)
        client = client_of(people.users["haishu2"])
        data = filled(client, site, result="returned", reasons="标识没装", working_days="5", item_sign="no")
        assert "整改期限 2024-06-17" in client.post(verify_url(site), data, follow=True).content.decode()
        editor = client_of(people.users["haishu"])
        start = editor.get("/admin/").content.decode()
        assert "退回待整改" in start and "其中 1 个已过整改期限" in start
        assert "标识没装" in editor.get(f"{DESK}?level=rework").content.decode()
        url = f"/admin/projects/site/{site.pk}/rework/"
        assert client_of(people.users["yinzhou"]).get(url).status_code == 302
        assert client_of(people.users["verifier"]).get(url).status_code == 403
        form = fetch_form(editor, url)
        done = editor.post(url, {**form, "done_on": "2024-06-15", "note": "已装"}, follow=True)
        assert "重新进入核验" in done.content.decode()
        assert Site.objects.get(pk=site.pk).checked == ""


class TestTheDesk:
    def test_near_ones_first_and_ones_own_left_out(self, people: World) -> None:
        near = finished(people, name="城西点", lon=121.51, lat=29.81)
        far = finished(people, name="城东点", lon=121.59, lat=29.89)
        own = finished(people, name="自己填的")
        report_site(
            access=people.access("haishu2"), site_id=own.pk, report=ReportDraft(VISITED, Decimal(100))
        )
        finished(people, name="外区的", county="330212")
        client = client_of(people.users["haishu2"])
        page = client.get(f"{DESK}?level=self_check&lon=121.5&lat=29.8").content.decode()
        assert page.index(near.name) < page.index(far.name)
        assert own.name not in page and "外区的" not in page
        turned = client.get(f"{DESK}?level=self_check&lon=121.6&lat=29.9").content.decode()
        assert turned.index(far.name) < turned.index(near.name)
        assert ">2<" in client.get("/admin/").content.decode()

    @pytest.mark.parametrize(
        "query", ["?page=x&lon=nan&lat=1", "?level=nonsense", "?district=1&sample=9&page=99"]
    )
    def test_nonsense_is_no_error(self, people: World, query: str) -> None:
        for who in ("haishu2", "civil", "verifier", "admin"):
            assert client_of(people.users[who]).get(DESK + query).status_code == 200

    def test_it_is_for_who_looks_or_puts_right(self, people: World) -> None:
        for who in ("supervisor", "publisher"):
            assert client_of(people.users[who]).get(DESK).status_code == 403
            assert "待我" not in client_of(people.users[who]).get("/admin/").content.decode().replace(
                "待我发布", ""
            )


class TestARound:
    def test_from_the_seed_to_the_acceptance(self, people: World) -> None:
        scheme(people, self_check=False, department_check=False)
        for _number in range(4):
            finished(people)
        finished(people, county="330212", name="鄞州点位")
        client = client_of(people.users["supervisor"])
        form = fetch_form(client, "/admin/projects/sample/add/", "sample_form")
        typed = {"name": "第一轮", "seed_source": "公告", "seed": "", "percent": "25", "_save": "1"}
        page = client.post("/admin/projects/sample/add/", {**form, **typed}, follow=True).content.decode()
        sample = Sample.objects.get()
        assert "现在的抽样框" in page and "种子还不知道" in page and "鄞州区" in page
        # What was stated is not changed by a form.
        client.post(f"/admin/projects/sample/{sample.pk}/change/", {**form, **typed, "name": "另一个"})
        assert Sample.objects.get().name == "第一轮"
        draw = f"/admin/projects/sample/{sample.pk}/draw/"
        assert client_of(people.users["verifier"]).post(draw, {"seed": "x"}).status_code == 403
        page = client.post(draw, {"seed": "03 11 17"}, follow=True).content.decode()
        assert "重算过,一致" in page and Sample.objects.get().frame_hash in page
        for row in SampledSite.objects.select_related("site"):
            visit(people.access("verifier"), row.site, level=type(SELF).SPOT_CHECK)
        accept = f"/admin/projects/sample/{sample.pk}/accept/"
        said = client.post(accept, {"on_day": "2024-06-20"}, follow=True).content.decode()
        assert "3 个未抽中的点位已通过核验" in said
        assert Site.objects.filter(stage=Stage.VERIFIED.value).count() == 5

    def test_the_file_is_what_anybody_draws_from(self, people: World) -> None:
        scheme(people, self_check=False, department_check=False)
        for _number in range(4):
            finished(people)
        finished(people, county="330212")
        access = people.access("supervisor")
        from projects.actions.sampling import draw_sample, state_seed

        row = Sample(programme=people.programme, name="一", seed="种", seed_source="x", percent=Decimal(50))
        sample = draw_sample(access=access, sample_id=state_seed(access=access, row=row).pk)
        url = f"/admin/projects/sample/{sample.pk}/frame/"
        found = self.rows(client_of(people.users["supervisor"]), url)
        assert len(found) == 5 and sum(int(each["drawn"]) for each in found) == 3
        for each in found:
            text = f"330200-2024|一|种|{each['public_id']}"
            assert hashlib.sha256(text.encode()).hexdigest() == each["sha256"]
        lines = sorted(f"{each['district']},{each['kind']},{each['public_id']}\n" for each in found)
        assert hashlib.sha256("".join(lines).encode()).hexdigest() == sample.frame_hash
        # Who verifies in one district sees that district's part.
        part = self.rows(client_of(people.users["verifier-yinzhou"]), url)
        assert {each["district"] for each in part} == {"330212"}
        shown = client_of(people.users["verifier-yinzhou"]).get(f"/admin/projects/sample/{sample.pk}/change/")
        assert "海曙区" not in shown.content.decode()
        for who in ("haishu", "civil", "publisher"):
            assert client_of(people.users[who]).get(url).status_code == 302

    def rows(self, client: Client, url: str) -> list[dict[str, str]]:
        text = client.get(url).content.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def test_a_broken_charger_leaves_the_map_as_open(self, people: World) -> None:
        """A light that says normal on a charger that cannot be used."""
        site = through(people, finished(people, service=Service.OPEN, counts_for=(("06-piles", 4),)), SELF)
        visit(people.access("verifier"), site, REVISIT, UNUSABLE, service_after=Service.CLOSED_TEMPORARILY)
        answer = Client().get(f"/api/v1/sites/{site.public_id}/").json()
        assert answer["properties"]["service"] == "closed_temporarily"
        assert Verification.objects.latest("pk").reasons not in str(answer)


def test_a_form_does_not_say_verified(people: World) -> None:
    """Nor by an attacker's post: see also test_admin_sites."""
    site = finished(people)
    client = client_of(people.users["haishu"])
    form = fetch_form(client, f"/admin/projects/site/{site.pk}/change/", "site_form")
    client.post(f"/admin/projects/site/{site.pk}/change/", {**form, "stage": "verified", "_save": "1"})
    assert Site.objects.get(pk=site.pk).stage == "finished"
