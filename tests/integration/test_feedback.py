"""Feedback of citizens: what is taken and what is not, who reads and answers it, what is forgotten."""

import datetime as dt
import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from projects.actions.errors import Invalid, NotAllowed
from projects.actions.feedback import AlreadyAnswered, answer_feedback
from projects.admin.feedbacktasks import tasks_of_feedback
from projects.models import AuditEntry, Feedback, Site
from projects.pages.feedbackguard import new_token
from projects.permissions.access import ANONYMOUS, Access
from projects.rules.feedback import MOST_OF_ADDRESS, MOST_OF_SITE
from projects.rules.vocabulary import FeedbackState, Publication
from tests.factories import CUTOFF, World
from tests.integration.adminforms import fetch_form, form_of

pytestmark = pytest.mark.django_db
TEXT = "门锁着,<b>打不开</b>"


@pytest.fixture(autouse=True)
def _nobody_yet() -> None:
    cache.clear()


@pytest.fixture
def site(world: World) -> Site:
    return world.add(world.planned(name="江北助餐点"))[0]


def page_of(site: Site, prefix: str = "") -> str:
    return f"{prefix}/sites/{site.public_id}/feedback/"


def token_of(site: Site, seconds: float = 60) -> str:
    """Of a form that was opened so long ago."""
    return new_token(site.public_id, timezone.now() - dt.timedelta(seconds=seconds))


def send(client: Client, site: Site, prefix: str = "", /, **typed: str) -> Any:
    form = {"token": token_of(site), "kind": "cannot_use", "text": TEXT, "contact": "13800000000", **typed}
    kind = "application/x-www-form-urlencoded"
    return client.post(page_of(site, prefix), urlencode(form), content_type=kind)


def kept(site: Site, **values: Any) -> Feedback:
    count = Feedback.objects.count()
    given = {"reference": f"r{count}", "text": TEXT, "contact": "13800000000", "language": "zh-hans"}
    return Feedback.objects.create(site=site, **{**given, **values})


def test_a_message_is_kept_once_and_its_page_says_nothing_personal(site: Site, client: Client) -> None:
    before = AuditEntry.objects.count()
    assert page_of(site) in client.get(f"/sites/{site.public_id}/").content.decode()
    opened = client.get(page_of(site))
    assert opened["Cache-Control"] == "private, no-store" and not opened.cookies
    assert {"token", "text", "contact", "website"} <= form_of(opened.content.decode()).keys()
    token = token_of(site)
    first, again = send(client, site, "/en", token=token), send(client, site, token=token)
    assert first.status_code == again.status_code == 302 and not first.cookies
    row = Feedback.objects.get()
    assert (row.text, row.contact, row.language, row.kind) == (TEXT, "13800000000", "en", "cannot_use")
    assert first["Location"] == f"{page_of(site, '/en')}{row.reference}/"
    sent = client.get(first["Location"])
    said = sent.content.decode()
    assert sent["Cache-Control"] == "private, no-store" and row.reference in said
    assert "138000" not in said and "打不开" not in said
    assert client.get(f"{page_of(site)}aaaa-bbbb-cccc/").status_code == 404
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"website": "http://x"}, "应当留空"),
        ({"text": "字" * 1001}, "现在有 1001 个"),
        ({"text": "  "}, "请写下"),
        ({"contact": "1" * 101}, "现在有 101 个"),
        ({"kind": "else"}, "请选择一项"),
        ({"token": "forged"}, "打开得太久"),
    ],
)
def test_what_is_not_taken_is_said_and_stays_typed(
    site: Site, client: Client, typed: dict[str, str], said: str
) -> None:
    answer = send(client, site, **typed)
    text = answer.content.decode()
    assert answer.status_code == 400 and said in text and not Feedback.objects.exists()
    assert "text" in typed or "门锁着,&lt;b&gt;打不开" in text


def test_a_token_is_for_one_site_for_a_day_and_not_at_once(site: Site, world: World, client: Client) -> None:
    other = world.add(world.planned(name="另一个"))[0]
    for token in (token_of(other), token_of(site, 25 * 3600), token_of(site, -60), token_of(site, 1)):
        assert send(client, site, token=token).status_code == 400
    assert not Feedback.objects.exists()
    # The line ends of a browser's form count once each.
    assert send(client, site, text="行\r\n" * 499 + "尾").status_code == 302


def test_other_sites_other_methods_and_other_pages_are_refused(world: World, client: Client) -> None:
    draft, open_site = world.add(
        world.planned(name="草稿点", publication=Publication.DRAFT), world.planned(name="公开点")
    )
    assert client.get(page_of(draft)).status_code == 404
    assert send(client, draft).status_code == 404
    assert client.put(page_of(open_site)).status_code == 405
    crossed = client.post(page_of(open_site), {}, headers={"sec-fetch-site": "cross-site"})
    assert crossed.status_code == 403
    large = client.post(
        page_of(open_site), "text=" + "x" * 70_000, content_type="application/x-www-form-urlencoded"
    )
    assert large.status_code == 400 and not Feedback.objects.exists()


def test_who_sends_much_waits_and_so_does_a_site(site: Site, world: World, client: Client) -> None:
    statuses = [send(client, site).status_code for _time in range(MOST_OF_ADDRESS + 1)]
    assert statuses == [302] * MOST_OF_ADDRESS + [429]
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert send(elsewhere, site).status_code == 302
    for _time in range(MOST_OF_SITE - Feedback.objects.count()):
        kept(site)
    refused = send(Client(REMOTE_ADDR="192.0.2.8"), site)
    assert refused.status_code == 429 and "明天" in refused.content.decode()
    assert send(Client(REMOTE_ADDR="192.0.2.9"), world.add(world.planned())[0]).status_code == 302


def test_scope_comes_first(world: World) -> None:
    own, other = world.add(world.planned(name="本区点"), world.planned(name="外区点", county="330212"))
    mine, theirs = kept(own), kept(other)
    editor = world.access("haishu")
    for access in (editor, world.access("publisher"), Access(None), ANONYMOUS):
        with pytest.raises(NotAllowed):
            answer_feedback(access=access, feedback_id=theirs.pk, answer="已修")
    with pytest.raises(Invalid):
        answer_feedback(access=editor, feedback_id=mine.pk, answer=" \n")
    assert answer_feedback(access=editor, feedback_id=mine.pk, answer="已修").answered_by_id == editor.user_id
    with pytest.raises(AlreadyAnswered):
        answer_feedback(access=world.access("supervisor"), feedback_id=mine.pk, answer="", is_abuse=True)
    closed = answer_feedback(
        access=world.access("supervisor"), feedback_id=theirs.pk, answer="x", is_abuse=True
    )
    assert closed.state == FeedbackState.ABUSE and closed.answer == ""


def test_staff_read_and_answer(world: World, site: Site, haishu: Client, client: Client) -> None:
    other = world.add(world.planned(name="外区点", county="330212"))[0]
    row, theirs = kept(site), kept(other)
    Feedback.objects.filter(pk=row.pk).update(sent_at=timezone.now() - dt.timedelta(days=9))
    (task,) = tasks_of_feedback(world.access("haishu"), CUTOFF)
    assert task.count == 1 and [(each.name, each.reason) for each in task.examples] == [
        (site.name, "已等待 9 天")
    ]
    assert not list(tasks_of_feedback(world.access("publisher"), CUTOFF))
    listed = haishu.get(task.url).content.decode()
    assert "江北助餐点" in listed and "&lt;b&gt;" in listed and "<b>打" not in listed
    assert "13800000000" not in listed and "外区点" not in listed
    url = task.examples[0].url
    shown = haishu.get(url).content.decode()
    assert "13800000000" in shown and "<b>打" not in shown and 'name="reason"' not in shown
    assert haishu.get(f"/admin/projects/feedback/{theirs.pk}/change/").status_code == 302
    form = {**fetch_form(haishu, url, "feedback_form"), "_save": "1"}
    assert "请写答复" in haishu.post(url, form).content.decode()
    assert haishu.post(url, {**form, "answer": "锁已换,<i>谢谢</i>"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.answer, row.text) == ("answered", "锁已换,<i>谢谢</i>", TEXT)
    assert haishu.get(url).status_code == 200
    assert haishu.post(url, {**form, "answer": "另一个"}).status_code == 403
    seen = client.get(f"{page_of(site)}{row.reference}/").content.decode()
    assert "锁已换,&lt;i&gt;谢谢" in seen and "13800000000" not in seen
    (task,) = tasks_of_feedback(world.access("haishu"), CUTOFF)
    assert task.count == 0 and not task.examples


def test_contacts_are_forgotten_half_a_year_after_the_answer(site: Site) -> None:
    now = timezone.now()
    old, young, _waiting = kept(site), kept(site), kept(site, sent_at=now - dt.timedelta(days=400))
    for row, days in ((old, 181), (young, 179)):
        Feedback.objects.filter(pk=row.pk).update(state="abuse", answered_at=now - dt.timedelta(days=days))
    out = io.StringIO()
    call_command("tidy_feedback", "--json", "--dry-run", stdout=out)
    assert json.loads(out.getvalue()) == {"contacts": 1}
    assert not Feedback.objects.filter(contact="").exists()
    call_command("tidy_feedback", stdout=out)
    assert list(Feedback.objects.filter(contact="")) == [old]
    assert Feedback.objects.get(pk=old.pk).text == TEXT
