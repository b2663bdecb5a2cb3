"""Writes to programmes, indicators, figures, kinds and policies: checked, stamped, audited once, scoped."""

import datetime as dt

import pytest

from projects.actions.errors import Invalid, NotAllowed
from projects.actions.programmes import (
    save_category,
    save_indicator,
    save_kind,
    save_policy,
    save_programme,
    save_published_figure,
)
from projects.models import (
    AuditEntry,
    Category,
    ChangeHead,
    Division,
    FacilityKind,
    Indicator,
    LagPolicy,
    Programme,
    PublishedFigure,
)
from projects.models.access import system_access
from projects.permissions.access import Access, Grant
from projects.rules.policy import YINCHUAN_2025
from projects.rules.vocabulary import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def access() -> Access:
    return system_access()


def policy() -> LagPolicy:
    return LagPolicy(
        key="p", name_zh="规则", rules=YINCHUAN_2025.to_json(), source="s", effective_from=dt.date(2024, 1, 1)
    )


def programme(access: Access, year: int = 2024) -> Programme:
    city, _made = Division.objects.get_or_create(
        code="330200", defaults={"name_zh": "宁波市", "level": "city"}
    )
    rules = LagPolicy.objects.first() or save_policy(access=access, row=policy())
    row = Programme(
        key=f"330200-{year}",
        name_zh="民生实事",
        division=city,
        year=year,
        period_start=dt.date(year, 1, 1),
        period_end=dt.date(year, 12, 31),
        cutoff=dt.date(year, 6, 30),
        policy=rules,
    )
    return save_programme(access=access, row=row)


def category(access: Access, year: int = 2024) -> Category:
    return save_category(
        access=access, row=Category(programme=programme(access, year), number=1, slug="c", name_zh="类")
    )


def test_a_change_is_stamped_and_audited_once_and_none_writes_nothing(access: Access) -> None:
    row = save_kind(access=access, row=FacilityKind(slug="k", number=1, name_zh="种类"))
    assert row.changed_seq == ChangeHead.objects.get().seq == 1
    row.colour = "#112233"
    save_kind(access=access, row=row, reason="对比度")
    entry = AuditEntry.objects.get(seq=2)
    assert (entry.action, entry.subject_id, entry.actor_id) == (
        "facilitykind.change",
        str(row.pk),
        access.user_id,
    )
    assert entry.payload["rows"].keys() == {"facilitykind"}
    assert entry.payload["reason"] == "对比度"
    assert entry.payload["changed"] == {"colour": ["#475569", "#112233"]}
    save_kind(access=access, row=row)
    assert ChangeHead.objects.get().seq == 2 == FacilityKind.objects.get().changed_seq


def test_a_bad_value_names_its_field_and_writes_nothing(access: Access) -> None:
    with pytest.raises(Invalid) as refused:
        save_kind(access=access, row=FacilityKind(slug="k", number=1, name_zh="种类", colour="red"))
    assert set(refused.value.errors) == {"colour"}
    assert not FacilityKind.objects.exists() and not AuditEntry.objects.exists()


def test_a_district_editor_changes_none_of_it(access: Access) -> None:
    editor = Access(access.user_id, (Grant(Role.DISTRICT_EDITOR, frozenset({1})),))
    with pytest.raises(NotAllowed):
        save_kind(access=editor, row=FacilityKind(slug="k", number=1, name_zh="种类"))
    with pytest.raises(NotAllowed):
        save_policy(access=editor, row=policy())


@pytest.mark.parametrize(
    ("unit", "year", "above", "message"),
    [("公里", 2024, False, "同一单位"), ("个", 2025, False, "同一年度"), ("个", 2024, True, "不能再有")],
)
def test_a_subset_must_fit_its_whole(access: Access, unit: str, year: int, above: bool, message: str) -> None:
    home = category(access)
    whole = save_indicator(
        access=access, row=Indicator(category=home, code="whole", name_zh="全", unit_zh="个")
    )
    if above:
        whole = save_indicator(
            access=access,
            row=Indicator(category=home, code="middle", name_zh="中", unit_zh="个", subset_of=whole),
        )
    place = home if year == 2024 else category(access, year)
    part = Indicator(category=place, code="part", name_zh="其中", unit_zh=unit, subset_of=whole)
    with pytest.raises(Invalid, match=message):
        save_indicator(access=access, row=part)
    assert not Indicator.objects.filter(code="part").exists()


def test_a_figure_speaks_of_its_own_programme(access: Access) -> None:
    foreign = category(access, 2025)
    figure = PublishedFigure(
        programme=programme(access),
        category=foreign,
        key="f",
        label_zh="数",
        text="1 个",
        as_of=dt.date(2024, 6, 30),
        source="s",
    )
    with pytest.raises(Invalid, match="不在同一年度"):
        save_published_figure(access=access, row=figure)


def test_a_policy_in_use_is_never_edited_and_an_unreadable_one_never_saved(access: Access) -> None:
    rules = programme(access).policy
    rules.name_zh = "改名可以"
    save_policy(access=access, row=rules)
    rules.rules = {**rules.rules, "against": "approved"}
    with pytest.raises(Invalid, match="另存为新的版本"):
        save_policy(access=access, row=rules)
    rules.refresh_from_db()
    rules.version = 9
    with pytest.raises(Invalid, match="另存为新的版本"):
        save_policy(access=access, row=rules)
    broken = policy()
    broken.version, broken.rules = 2, {**broken.rules, "colour": 1}
    with pytest.raises(Invalid, match="colour 是不认识的项"):
        save_policy(access=access, row=broken)
