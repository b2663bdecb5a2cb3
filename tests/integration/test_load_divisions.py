"""Divisions and borders of any city, from the packaged set and from files; dated, repeatable, audited."""

import datetime as dt
import io
import json
from pathlib import Path

import pytest
import shapely
from django.core.management import CommandError, call_command

from projects.actions.divisions import save_boundary, save_division, set_parent
from projects.actions.errors import Invalid, NotAllowed
from projects.models import AuditEntry, Boundary, ChangeHead, Division, DivisionParent
from projects.models.access import system_access
from projects.permissions.access import Access, Grant
from projects.rules.vocabulary import DivisionLevel, Role

pytestmark = pytest.mark.django_db

SQUARE = shapely.box(113.9, 22.5, 114.0, 22.6)


def load(*args: object, **options: object) -> str:
    out = io.StringIO()
    call_command("load_divisions", *map(str, args), stdout=out, **options)
    return out.getvalue()


def geojson(path: Path, areas: dict[str, shapely.Geometry]) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": f"区{code}"},
            "geometry": json.loads(shapely.to_geojson(area)),
        }
        for code, area in areas.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_two_packaged_cities_stand_side_by_side_and_loading_again_changes_nothing() -> None:
    assert "10 个下级区划" in load(city="330200")
    assert "没有审图号" in load(city="440300")
    shenzhen = Division.objects.get(code="440300")
    assert shenzhen.name_zh == "深圳市"
    assert Division.objects.within(shenzhen).count() == 10
    assert set(Division.objects.filter(level="province").values_list("name_zh", flat=True)) == {
        "浙江省",
        "广东省",
    }
    assert Boundary.objects.newest().count() == 21
    assert all(row.geom.valid and row.geom.srid == 4326 for row in Boundary.objects.all())

    seq = ChangeHead.objects.get().seq
    load(city="440300")
    assert ChangeHead.objects.get().seq == seq == AuditEntry.objects.count()


def test_a_new_border_ends_the_one_in_force_on_its_first_day(tmp_path: Path) -> None:
    load(city="440300", valid_from=dt.date(2024, 1, 1))
    path = geojson(tmp_path / "new.geojson", {"440305": SQUARE})
    load(
        path,
        city="440300",
        crs="EPSG:4490",
        licence="CC0",
        review_number="粤S(演示)1 号",
        valid_from=dt.date(2025, 3, 1),
    )
    old, new = Boundary.objects.filter(division__code="440305").order_by("valid_from")
    assert (old.valid_to, new.valid_from, new.valid_to) == (dt.date(2025, 3, 1), dt.date(2025, 3, 1), None)
    assert new.source == "new.geojson" and new.review_number == "粤S(演示)1 号"
    assert Boundary.objects.current(dt.date(2024, 6, 30)).get(division__code="440305") == old
    assert list(Boundary.objects.newest().showable(demo=False)) == [new]
    # The other counties keep theirs, and the division keeps its place in the tree.
    assert Boundary.objects.newest().count() == 10
    assert DivisionParent.objects.filter(child__code="440305").count() == 1


@pytest.mark.parametrize(
    ("options", "message", "code"),
    [
        ({"city": "440399"}, "没有代码为 440399 的城市.*440300 深圳市", 2),
        ({"city": "440300", "crs": "gcj02"}, "--crs 只用于文件", 2),
    ],
)
def test_refusals_without_a_file(options: dict[str, str], message: str, code: int) -> None:
    with pytest.raises(CommandError, match=message) as refused:
        load(**options)
    assert refused.value.returncode == code
    assert not Division.objects.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"licence": "CC0"}, "--crs"),
        ({"crs": "EPSG:4490"}, "--licence"),
        ({"crs": "EPSG:4490", "licence": "CC0", "code_field": "id"}, "没有字段 id"),
        ({"crs": "EPSG:4490", "licence": "CC0", "city": "999900"}, "不知道 999900 是哪个城市"),
    ],
)
def test_refusals_with_a_file(tmp_path: Path, options: dict[str, str], message: str) -> None:
    path = geojson(tmp_path / "areas.geojson", {"440305": SQUARE})
    with pytest.raises(CommandError, match=message):
        load(path, **{"city": "440300", **options})
    assert not Division.objects.exists()


def test_a_border_from_the_same_day_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    day = dt.date(2024, 1, 1)
    load(city="440300", valid_from=day)
    seq = ChangeHead.objects.get().seq
    path = geojson(tmp_path / "new.geojson", {"440304": SQUARE, "440305": SQUARE})
    with pytest.raises(CommandError, match="自 2024-01-01 起生效的边界") as refused:
        load(path, city="440300", crs="EPSG:4490", licence="CC0", valid_from=day)
    assert refused.value.returncode == 1
    assert ChangeHead.objects.get().seq == seq


def test_moving_a_division_is_dated_and_renumbers_the_tree() -> None:
    access = system_access()
    made = {
        code: save_division(access=access, code=code, name_zh=code, level=DivisionLevel.COUNTY)
        for code in ("a", "b", "c")
    }
    first, second = dt.date(2020, 1, 1), dt.date(2022, 1, 1)
    set_parent(access=access, child=made["c"], parent=made["a"], valid_from=first)
    set_parent(access=access, child=made["c"], parent=made["b"], valid_from=second)

    def within(code: str) -> set[str]:
        return set(Division.objects.within(Division.objects.get(code=code)).values_list("code", flat=True))

    assert (within("a"), within("b")) == ({"a"}, {"b", "c"})
    a = Division.objects.get(code="a")
    assert [row.code for row in Division.objects.children_of(a, dt.date(2021, 12, 31))] == ["c"]
    assert not Division.objects.children_of(a, second).exists()
    with pytest.raises(Invalid, match="成环"):
        set_parent(access=access, child=made["b"], parent=made["c"], valid_from=second)
    with pytest.raises(Invalid, match="更晚的日期"):
        set_parent(access=access, child=made["c"], parent=made["a"], valid_from=first)
    assert within("b") == {"b", "c"}


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.PUBLISHER, Role.VERIFIER])
def test_only_a_city_wide_administrator_touches_the_tree(role: Role) -> None:
    system = system_access()
    area = save_division(access=system, code="x", name_zh="x", level=DivisionLevel.COUNTY)
    limited = Grant(Role.ADMINISTRATOR, frozenset({area.pk}))
    seq = ChangeHead.objects.get().seq
    for access in (Access(system.user_id, (Grant(role),)), Access(system.user_id, (limited,))):
        with pytest.raises(NotAllowed):
            save_division(access=access, code="y", name_zh="y", level=DivisionLevel.COUNTY)
        with pytest.raises(NotAllowed):
            save_boundary(
                access=access,
                division=area,
                geometry=SQUARE,
                source="s",
                licence="l",
                valid_from=dt.date(2024, 1, 1),
            )
    assert ChangeHead.objects.get().seq == seq


def test_a_border_that_crosses_itself_is_refused() -> None:
    access = system_access()
    area = save_division(access=access, code="x", name_zh="x", level=DivisionLevel.COUNTY)
    bowtie = shapely.Polygon([(113, 22), (114, 23), (114, 22), (113, 23)])
    with pytest.raises(Invalid, match="自相交"):
        save_boundary(
            access=access,
            division=area,
            geometry=bowtie,
            source="s",
            licence="l",
            valid_from=dt.date(2024, 1, 1),
        )
