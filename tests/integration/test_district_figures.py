"""One figure, five places: read model, page, CSV, workbook and API agree to the digit, on the demo."""

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from projects.demo import loading
from projects.exchange.districttables import TITLES
from projects.readmodels.changes import TallyChange
from projects.readmodels.clocks import Clocks
from projects.readmodels.districtreport import DistrictReport, district_report
from projects.readmodels.districts import current_programme
from projects.readmodels.siteindex import snapshot
from projects.readmodels.tallies import Tally
from projects.templatetags.changes import grown, points
from projects.templatetags.figures import amount, share
from tests.integration.test_district_pages import table_rows, text_of
from tests.integration.test_load_demo import SITES, thinned

pytestmark = pytest.mark.django_db

DAYS = (dt.date(2024, 1, 31), dt.date(2024, 4, 15), dt.date(2024, 6, 30))
COUNTIES = (
    "330203",
    "330205",
    "330206",
    "330211",
    "330212",
    "330213",
    "330225",
    "330226",
    "330281",
    "330282",
)


@pytest.fixture
def demo(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small demo with every indicator."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(loading, "ningbo_2024", thinned)
    call_command("load_demo", sites=SITES, stdout=io.StringIO(), stderr=io.StringIO())


def printed(tally: Tally) -> list[str]:
    counts = [amount(tally.sites), amount(tally.finished), share(tally.percent), amount(tally.due)]
    return [*counts, amount(tally.overdue), amount(tally.late)]


def filed(tally: Tally) -> list[str]:
    """As the cells of a file: plain digits."""
    plain = [tally.sites, tally.finished, share(tally.percent), tally.due, share(tally.planned_percent)]
    return [str(cell).rstrip("%") for cell in (*plain, tally.overdue, tally.unplanned, tally.late)]


def printed_change(change: TallyChange) -> list[str]:
    counts = [grown(change.sites), grown(change.finished), points(change.percent_pp), grown(change.due)]
    return [*counts, grown(change.overdue), grown(change.late)]


def of_csv(client: Client, url: str) -> list[list[str]]:
    body = b"".join(client.get(url).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(body, newline="")))


def as_text(value: object) -> str:
    """A cell of a workbook as the CSV file writes it, one decimal where it has one."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value)


def same(one: str, other: str) -> bool:
    """Equal as text, or as numbers: a workbook keeps 70.0 as 70."""
    try:
        return one == other or Decimal(one) == Decimal(other)
    except ArithmeticError:
        return False


def assert_same_rows(one: Sequence[Sequence[object]], other: Sequence[Sequence[object]], what: str) -> None:
    assert len(one) == len(other), what
    for mine, theirs in zip(one, other, strict=True):
        pairs = list(zip(map(as_text, mine), map(as_text, theirs), strict=True))
        assert all(same(*pair) for pair in pairs), (what, pairs)


def test_page_files_and_api_say_what_the_read_model_says(client: Client, demo: None) -> None:
    held = snapshot()
    programme = current_programme(held)
    assert programme is not None
    for code in COUNTIES:
        area = held.vocabulary.area_by_code[code]
        for day in DAYS:
            report = district_report(area, held=held, clocks=Clocks(day), programme=programme)
            assert report is not None
            assert report.progress.tally.sites
            query = f"?as_of={day.isoformat()}"
            _check_page(client.get(f"/districts/{code}/{query}").content.decode(), report)
            _check_api(client.get(f"/api/v1/divisions/{code}/progress/{query}").json(), report)
            if day == DAYS[-1]:
                # They are made from the same tables whatever the day; opening a workbook takes its time.
                _check_files(client, code, report)
    _check_city(client)


def _check_page(html: str, report: DistrictReport) -> None:
    progress = report.progress
    listed = [row for row in progress.categories if row.tally.sites]
    assert table_rows(html, 'id="categories-title"')[1:] == [
        *([f"{row.number}. {row.name_zh}", *printed(row.tally)] for row in listed),
        ["合计", *printed(progress.tally)],
    ]
    assert table_rows(html, 'id="history-title"')[1:] == [
        [point.day.isoformat(), *printed(point.tally), share(point.tally.planned_percent)]
        for point in report.history[::-1]
    ]
    assert [row[1:] for row in table_rows(html, 'id="comparison-title"')[1:]] == [
        [*printed(peer.tally), share(peer.tally.planned_percent)] for peer in report.peers
    ]
    changes = report.changes
    if changes is None:
        assert "没有上月可比" in text_of(html)
        return
    assert table_rows(html, 'id="changes-title"')[1:] == [
        *([f"{row.number}. {row.name_zh}", *printed_change(changes.categories[row.slug])] for row in listed),
        ["合计", *printed_change(changes.total)],
    ]


def _check_api(answer: dict[str, object], report: DistrictReport) -> None:
    progress = report.progress
    assert (answer["sites"], answer["finished"]) == (progress.tally.sites, progress.tally.finished)
    assert (answer["due"], answer["overdue"]) == (progress.tally.due, progress.tally.overdue)
    text = json.dumps(answer)
    for point in report.history:
        assert f'"as_of": "{point.day.isoformat()}", "sites": {point.tally.sites},' in text
    if report.changes is None:
        assert answer["change"] is None
    else:
        found = answer["change"]
        assert isinstance(found, dict)
        assert found["since"] == report.changes.since.isoformat()
        assert found["finished"] == report.changes.total.finished
        assert {row["slug"]: row["finished"] for row in found["categories"]} == {
            slug: change.finished for slug, change in report.changes.categories.items()
        }


def _check_files(client: Client, code: str, report: DistrictReport) -> None:
    query = f"?as_of={report.clocks.as_of.isoformat()}"
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"/districts/{code}/figures.xlsx{query}").content), read_only=True
    )
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    everything = of_csv(client, f"/districts/{code}/figures.csv{query}")
    assert len(sheets) == 1 + len(TITLES)
    tables = {}
    for (key, title), sheet in zip(TITLES.items(), sheets[1:], strict=True):
        start = everything.index([title]) + 1
        end = next((n for n in range(start, len(everything)) if not everything[n]), len(everything))
        rows = [row for row in everything[start:end] if len(row) == len(everything[start])]
        assert_same_rows(rows, sheet[: len(rows)], key)
        tables[key] = rows
    listed = [row for row in report.progress.categories if row.tally.sites]
    assert [row[2:] for row in tables["categories"][1:]] == [
        *(filed(row.tally) for row in listed),
        filed(report.progress.tally),
    ]
    assert [row[1:] for row in tables["history"][1:]] == [filed(point.tally) for point in report.history]
    assert [row[2:] for row in tables["comparison"][1:]] == [filed(peer.tally) for peer in report.peers]
    assert len(tables["late"]) - 1 == report.progress.tally.late
    if code == COUNTIES[0]:
        _check_single_tables(client, code, query, tables, report.clocks.as_of)


def _check_single_tables(
    client: Client, code: str, query: str, tables: dict[str, list[list[str]]], day: dt.date
) -> None:
    for key, rows in tables.items():
        single = of_csv(client, f"/districts/{code}/figures.csv{query}&table={key}")
        assert [row[:-4] for row in single] == rows
        assert {(row[-4], row[-3], row[-1]) for row in single[1:]} == {(code, day.isoformat(), "是")}


def _check_city(client: Client) -> None:
    """Parts sum to the whole, in sites and in what they give."""
    city = client.get("/api/v1/divisions/330200/progress/").json()
    parts = [client.get(f"/api/v1/divisions/{code}/progress/").json() for code in COUNTIES]
    for word in ("sites", "finished", "due", "overdue", "late"):
        assert city[word] == sum(part[word] for part in parts), word
        for n, point in enumerate(city["history"]):
            assert point[word] == sum(part["history"][n][word] for part in parts), (word, point["as_of"])
    for word in ("sites", "finished", "due", "overdue"):
        assert city["change"][word] == sum(part["change"][word] for part in parts), word
