"""The staged import in the admin: each step, and each refusal. The worker runs inline."""

import io
import re

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from projects.actions.sites import change_site
from projects.admin.importprogress import is_cut_off
from projects.models import FormDraft, ImportBatch, Site, StagedImport, storedfiles
from projects.rules.vocabulary import StagedState
from tests.factories import World
from tests.integration.adminforms import form_of
from tests.integration.importing import history
from tests.integration.importpages import (
    CHOSEN,
    GOOD,
    LIST,
    applied,
    body,
    checked,
    hand_in,
    newest,
    options_of,
    page_of,
    text_of,
)

pytestmark = pytest.mark.django_db

# -- the steps ------------------------------------------------------------------------------------------------


def test_from_the_file_to_the_sites_and_back(haishu: Client) -> None:
    before = Site.objects.count()
    assert hand_in(haishu, GOOD).headers["Location"] == page_of(newest())
    staged = newest()
    page = body(haishu.get(page_of(staged)))
    assert "药行街助餐点" in page and "编号" in page, "the first rows are shown as they were read"
    shown = options_of(haishu, staged)
    assert "datum" not in shown, "a datum is never filled in by itself"
    assert (shown["col-name"], shown["col-lon"], shown["col-division"]) == ("名称", "经度", "区县")

    refused = haishu.post(page_of(staged, "options"), {**shown, "_check": "1"})
    assert refused.status_code == 200 and "datum" in refused.context["form"].errors
    haishu.post(page_of(staged, "options"), {**shown, **CHOSEN, "_check": "1"})
    preview = text_of(body(haishu.get(page_of(staged))))
    assert "检查通过,还没有写入" in preview and "将新增 2 个" in preview
    assert Site.objects.count() == before, "nothing is written before the person says so"

    haishu.post(page_of(staged, "apply"), form_of(body(haishu.get(page_of(staged)))))
    done = haishu.get(page_of(staged))
    batch = ImportBatch.objects.latest("pk")
    assert f"第 {batch.pk} 批" in body(done) and Site.objects.count() == before + 2
    listed = body(haishu.get(f"/admin/projects/site/?batch={batch.pk}"))
    assert "西门助餐点" in listed and 'class="result_count"' not in listed

    there = f"/admin/projects/importbatch/{batch.pk}/"
    read = text_of(body(haishu.get(f"{there}change/")))
    assert "WGS-84(GPS)" in read and "“编号”列" in read and "药行街助餐点" in read
    assert haishu.get(f"{there}file/").getvalue() == GOOD.encode()
    exported = haishu.get(f"/admin/projects/site/export/?batch={batch.pk}&format=csv").getvalue().decode()
    assert "药行街助餐点" in exported and exported.count("\n") == 3
    assert "删除这个批次新增的 2 个点位" in body(haishu.get(f"{there}undo/"))
    assert "请写明撤销原因" in body(haishu.post(f"{there}undo/", {"reason": " "}))
    haishu.post(f"{there}undo/", {"reason": "坐标系填错了"})
    assert Site.objects.live().count() == before
    undoing = ImportBatch.objects.latest("pk")
    assert undoing.undoes_id == batch.pk
    assert "这个批次已经撤销" in body(haishu.get(f"{there}change/"))
    assert f"第 {batch.pk} 批" in body(haishu.get(f"/admin/projects/importbatch/{undoing.pk}/change/"))


def test_what_was_chosen_is_remembered_and_the_datum_waits_to_be_confirmed(haishu: Client) -> None:
    checked(haishu, GOOD, datum="gcj02", **{"col-address": ""})
    hand_in(haishu, GOOD.replace("A2", "A3"), "七月.csv")
    staged = newest()
    shown = options_of(haishu, staged)
    assert "datum" not in shown and shown["kind"] == "meal-point" and shown["col-address"] == ""
    page = body(haishu.get(page_of(staged)))
    assert "上次同样表头的文件,您选的是:" in page and "上次这样对的" in page


def test_errors_by_row_and_cell_and_the_corrected_file(haishu: Client) -> None:
    bad = GOOD.replace("121.551", "121.x51").replace("A1", "1.23E+10")
    staged = checked(haishu, bad)
    before = history()
    page = body(haishu.get(page_of(staged)))
    said = text_of(page)
    assert "有 2 个错误,一行也没有写入" in said
    assert "121.x51" in said and "经度" in said and "科学计数" in said
    assert f"{LIST}{staged.pk}/apply/" not in page, "what has errors cannot be written"
    haishu.post(page_of(staged, "apply"))
    assert history() == before

    copy = haishu.get(page_of(staged, "annotated"))
    assert copy.status_code == 200 and "attachment" in copy["Content-Disposition"]

    answer = hand_in(haishu, GOOD, "改好.csv", page_of(staged, "replace"))
    corrected = newest()
    assert answer.headers["Location"] == page_of(corrected)
    assert "检查通过" in body(haishu.get(page_of(corrected))), "the options were not asked for again"
    staged.refresh_from_db()
    assert staged.state == StagedState.DISCARDED


def test_half_chosen_options_are_kept(haishu: Client) -> None:
    hand_in(haishu, GOOD)
    staged = newest()
    fields = [["datum", "gcj02"], ["kind", "meal-point"], ["code", "编号"], ["col-name", "地址"]]
    draft = {"address": page_of(staged), "fields": fields}
    haishu.post("/api/staff/v1/drafts/", draft, content_type="application/json")
    assert "有未保存的内容" in body(haishu.get(page_of(staged)))
    again = form_of(body(haishu.get(f"{page_of(staged)}?draft=1")))
    assert (again["datum"], again["col-name"]) == ("gcj02", "地址")
    haishu.post(page_of(staged, "options"), {**options_of(haishu, staged), **CHOSEN, "_check": "1"})
    assert not FormDraft.objects.exists(), "what was sent is no draft any more, at either address"


def test_a_header_that_names_a_map_is_pointed_out_and_a_file_without_rows_is_said(haishu: Client) -> None:
    hand_in(haishu, "编号,名称,高德坐标\n")
    staged = newest()
    assert "表头“高德坐标”像是:高德地图" in body(haishu.get(page_of(staged)))
    shown = options_of(haishu, staged)
    assert "datum" not in shown and shown["col-lonlat"] == "高德坐标"
    haishu.post(page_of(staged, "options"), {**shown, **CHOSEN, "_check": "1"})
    assert "文件里没有一行数据" in body(haishu.get(page_of(staged)))


def test_the_annotated_copy_is_taken_back_whatever_sheet_and_titles_the_file_had(haishu: Client) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "附件1"
    rows = [line.split(",") for line in GOOD.replace("121.551", "121.x51").splitlines()]
    for row in [["海曙区助餐点一览表"], ["填报单位:海曙区民政局"], *rows]:
        sheet.append(row)
    held = io.BytesIO()
    book.save(held)
    staged = checked(haishu, held.getvalue(), "附件1.xlsx")
    copy = openpyxl.load_workbook(io.BytesIO(haishu.get(page_of(staged, "annotated")).getvalue()))
    cells = [cell for row in copy.worksheets[0].iter_rows() for cell in row if cell.value == "121.x51"]
    assert len(cells) == 1
    cells[0].value = "121.551"
    held = io.BytesIO()
    copy.save(held)
    hand_in(haishu, held.getvalue(), "附件1-标注.xlsx", page_of(staged, "replace"))
    page = text_of(body(haishu.get(page_of(newest()))))
    assert "检查通过" in page and "将新增 2 个" in page, page


def test_a_corrected_file_with_other_columns_is_asked_about_again(haishu: Client) -> None:
    staged = checked(haishu, GOOD)
    hand_in(haishu, GOOD.replace("编号", "新编号"), "改好.csv", page_of(staged, "replace"))
    assert "这个文件怎样读" in body(haishu.get(page_of(newest())))


def test_a_change_is_shown_as_before_and_after(haishu: Client) -> None:
    applied(haishu, GOOD)
    moved = GOOD.replace("药行街 1 号", "药行街 2 号").replace("121.551", "121.552")
    staged = checked(haishu, moved, "八月.csv")
    page = body(haishu.get(page_of(staged)))
    assert "<del>药行街 1 号</del> → <ins>药行街 2 号</ins>" in re.sub(r"\s*(<|>)\s*", r"\1", page).replace(
        "→", " → "
    )
    assert "97 米" in text_of(page) and "#17/29.85" in page, "how far it moves, and where to"


def test_gbk_and_another_way_of_reading(haishu: Client) -> None:
    hand_in(haishu, GOOD.encode("gb18030"), "gbk.csv")
    staged = newest()
    assert "药行街助餐点" in body(haishu.get(page_of(staged)))
    typed = {**options_of(haishu, staged), **CHOSEN, "encoding": "big5", "_read": "1"}
    again = haishu.post(page_of(staged, "options"), typed)
    assert "药行街助餐点" not in body(again), "read as it was asked for, and shown"
    back = haishu.post(page_of(staged, "options"), {**typed, "encoding": "gb18030"})
    assert "药行街助餐点" in body(back)
    kept = form_of(body(back))
    assert (kept["datum"], kept["kind"]) == ("wgs84", "meal-point"), "what was typed is not lost"


def test_words_of_the_file_are_given_a_meaning(haishu: Client) -> None:
    content = "编号,名称,经度,纬度,建设阶段\nA1,甲,121.55,29.85,交付使用\nA2,乙,121.55,29.851,在建\n"
    hand_in(haishu, content)
    staged = newest()
    page = body(haishu.get(page_of(staged)))
    assert "“建设阶段”列里的词各是什么意思" in page, "the column was matched, so its words are asked at once"
    shown = options_of(haishu, staged)
    assert (shown["word-stage-0"], shown["word-stage-1"]) == ("", "building")
    typed = {**shown, **CHOSEN, "_check": "1"}
    assert "请选择“交付使用”是什么意思" in body(haishu.post(page_of(staged, "options"), typed))
    haishu.post(page_of(staged, "options"), {**typed, "word-stage-0": "finished"})
    haishu.post(page_of(staged, "apply"))
    stages = dict(Site.objects.filter(code__in=["A1", "A2"]).values_list("code", "stage"))
    assert stages == {"A1": "finished", "A2": "building"}


# -- refusals -------------------------------------------------------------------------------------------------


def test_a_site_that_changed_since_the_check_stops_the_writing(world: World, haishu: Client) -> None:
    applied(haishu, GOOD)
    staged = checked(haishu, GOOD.replace("药行街 1 号", "药行街 2 号"), "八月.csv")
    site = Site.objects.get(code="A1")
    change_site(
        access=world.access("admin"), site_id=site.pk, expected_version=site.version, changes={"phone": "1"}
    )
    before = history()
    haishu.post(page_of(staged, "apply"))
    assert history() == before
    page = body(haishu.get(page_of(staged)))
    assert "重新检查" in page and "A1" in page
    haishu.post(page_of(staged, "check"))
    haishu.post(page_of(staged, "apply"))
    site.refresh_from_db()
    assert (site.address, site.phone) == ("药行街 2 号", "1")


def test_what_another_window_checked_since_is_not_written_unseen(haishu: Client) -> None:
    staged = checked(haishu, GOOD)
    seen = form_of(body(haishu.get(page_of(staged))), "import-apply")
    assert seen["checked"]
    haishu.post(page_of(staged, "check"))
    before = history()
    answer = haishu.post(page_of(staged, "apply"), seen, follow=True)
    assert "在另一个窗口里重新检查过" in body(answer) and history() == before


def test_a_check_that_is_stopped_or_cut_off_may_begin_again(haishu: Client) -> None:
    staged = checked(haishu, GOOD)
    StagedImport.objects.update(state=StagedState.CHECKING, worker_started_at=None)
    assert "检查中断了" in body(haishu.get(page_of(staged)))
    StagedImport.objects.update(worker_started_at=timezone.now())
    waiting = body(haishu.get(page_of(staged)))
    assert "正在检查" in waiting and 'http-equiv="refresh"' in waiting
    assert haishu.get(page_of(staged, "progress")).json()["busy"] is True
    haishu.post(page_of(staged, "stop"))
    assert "这个文件怎样读" in body(haishu.get(page_of(staged)))
    assert haishu.get(page_of(staged, "progress")).json()["busy"] is False
    StagedImport.objects.update(state=StagedState.APPLYING, worker_started_at=None)
    assert "写入中断了" in body(haishu.get(page_of(staged)))
    # Read while it was at work, and finished before its lock was looked at.
    read_before = newest()
    StagedImport.objects.update(state=StagedState.CHECKED)
    assert not is_cut_off(read_before)


def test_twice_submitted_is_written_once(haishu: Client) -> None:
    staged = checked(haishu, GOOD)
    for _again in range(2):
        haishu.post(page_of(staged, "apply"))
    assert ImportBatch.objects.count() == 1
    # Going back to the options of what was written shows what became of it.
    assert haishu.get(page_of(staged, "options")).headers["Location"] == page_of(staged)
    haishu.post(page_of(staged, "check"))
    haishu.post(page_of(staged, "discard"))
    staged.refresh_from_db()
    assert staged.state == StagedState.APPLIED
    hand_in(haishu, GOOD)
    assert "已作为批次" in body(haishu.get(page_of(newest()))), "the same file again is said to be so"


def test_what_was_let_go_says_so(haishu: Client) -> None:
    staged = checked(haishu, GOOD)
    haishu.post(page_of(staged, "discard"))
    assert not storedfiles.path_of(staged.file_sha256).exists()
    answer = haishu.get(page_of(staged))
    assert answer.status_code == 410 and "已经放弃" in body(answer)
    for name in ("check", "apply", "options", "discard"):
        assert haishu.post(page_of(staged, name), {"_check": "1"}).status_code == 302, name
    assert haishu.get(page_of(staged, "file")).status_code == 404
    assert "places.csv" not in body(haishu.get(LIST))


def test_a_file_that_is_gone_from_the_disk(haishu: Client) -> None:
    staged = checked(haishu, GOOD)
    storedfiles.forget(staged.file_sha256)
    haishu.post(page_of(staged, "check"))
    assert "请重新上传" in body(haishu.get(page_of(staged)))
    assert haishu.get(page_of(staged, "file")).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "空.csv", "没有收到文件"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "老.xls", "xlsx"),
        (b"%PDF-1.4", "表.pdf", "pdf"),
        (b"PK\x03\x04broken", "坏.xlsx", ""),
    ],
)
def test_what_cannot_be_read_is_said_and_can_be_replaced(
    haishu: Client, content: bytes, name: str, said: str
) -> None:
    page = body(hand_in(haishu, content, name) and haishu.get(page_of(newest()) if content else LIST))
    assert said in page and 'type="file"' in page


def test_a_request_over_the_limit_gets_a_page(haishu: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projects.admin.importsteps.MAX_MEGABYTES", 1)
    answer = hand_in(haishu, b"x" * (1024 * 1024 * 2))
    assert answer.status_code == 413 and "没有上传" in body(answer)
    assert not StagedImport.objects.exists()


def test_the_token_is_asked_for_although_the_size_comes_first(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.users["haishu"], backend="django.contrib.auth.backends.ModelBackend")
    assert hand_in(client, GOOD).status_code == 403
    assert not StagedImport.objects.exists()
