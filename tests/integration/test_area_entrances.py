"""The ways to store a polygon and to read it back: staff API, public address, command, admin."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from projects.actions import areas
from projects.actions.areas import store_area
from projects.models import AuditEntry, Membership, StoredArea
from tests.factories import CUTOFF, World
from tests.integration.adminforms import client_of, form_of

pytestmark = pytest.mark.django_db

SQUARE = shapely.box(121.5, 29.8, 121.6, 29.9)
STAFF = "/api/staff/v1/areas/"
MAPPING: dict[str, Any] = {
    "type": "Polygon",
    "coordinates": [[[121.5, 29.8], [121.6, 29.8], [121.6, 29.9], [121.5, 29.9], [121.5, 29.8]]],
}


# ------------------------------------------------------------------------------------- the staff API


def post(client: Client, body: Any, content_type: str = "application/json", **headers: str) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(STAFF, text, content_type=content_type, headers=headers)


def test_posting_answers_with_the_word_to_filter_by(world: World, haishu: Client, client: Client) -> None:
    feature = {"type": "Feature", "geometry": MAPPING, "properties": {"name": "老城"}}
    first = post(haishu, feature)
    told = first.json()
    assert first.status_code == 201
    assert (told["name"], told["created"], told["filter"]) == ("老城", True, f"area={told['id']}")
    again = post(haishu, MAPPING, "application/geo+json; charset=utf-8")
    assert (again.status_code, again.json()["id"], again.json()["created"]) == (200, told["id"], False)
    for response in (first, again):
        assert response["Cache-Control"] == "private, no-store"
        assert "Access-Control-Allow-Origin" not in response
    assert client.get(f"/api/v1/sites/?{told['filter']}").status_code == 200
    assert client.get(told["url"]).status_code == 200
    assert client.get(told["api_url"]).json()["properties"]["name"] == "老城"
    whole = {"type": "FeatureCollection", "features": [feature]}
    assert post(haishu, whole).json()["id"] == told["id"]


def big(count: int) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[[1, 2]] * count]}


NESTED = "[" * 200_000
WRONG: dict[str, tuple[Any, int, str]] = {
    "not JSON": ("{", 400, "不完整"),
    "empty": (" ", 400, "空"),
    "a list": ("[]", 400, "Polygon"),
    "null": ("null", 400, "Polygon"),
    "a point": ({"type": "Point", "coordinates": [1, 2]}, 400, "Polygon"),
    "no geometry": ({"type": "Feature", "geometry": None, "properties": {}}, 400, "Polygon"),
    "two features": ({"type": "FeatureCollection", "features": [{}, {}]}, 400, "2"),
    "NaN": ('{"type":"Polygon","coordinates":[[[NaN,1],[1,1],[1,2],[NaN,1]]]}', 400, "NaN"),
    "1e308": ('{"type":"Polygon","coordinates":[[[1e308,1],[1,1],[1,2],[1e308,1]]]}', 400, "经纬度"),
    "1e999": ('{"type":"Polygon","coordinates":[[[1e999,1],[1,1],[1,2],[1e999,1]]]}', 400, "经纬度"),
    "many digits": ('{"type":"Polygon","coordinates":[[[' + "9" * 9000 + ",1]]]}", 400, "位数过多"),
    "latitude first": (
        {"type": "Polygon", "coordinates": [[[29, 121], [29, 122], [30, 122], [29, 121]]]},
        400,
        "颠倒",
    ),
    "not closed": ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, 400, "没有闭合"),
    "a flat list": ({"type": "Polygon", "coordinates": [1, 2, 3]}, 400, "坐标"),
    "strings": ({"type": "Polygon", "coordinates": [[["1", "2"]] * 4]}, 400, "数字"),
    "bow tie": (
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        400,
        "自相交",
    ),
    "another system": (
        {**MAPPING, "crs": {"type": "name", "properties": {"name": "EPSG:4549"}}},
        400,
        "EPSG:4549",
    ),
    "100,000 vertices": (big(100_000), 400, "100000 个顶点,超过上限 3500"),
    "nested without end": (NESTED, 400, "嵌套"),
    "nested in a polygon": ('{"type":"Polygon","coordinates":' + "[" * 60 + "]" * 60 + "}", 400, "坐标"),
    "a long body": ("[" + " " * 1_000_001 + "]", 413, "超过上限"),
    "a bad name": ({"type": "Feature", "geometry": MAPPING, "properties": {"name": "长" * 99}}, 400, "名称"),
}


@pytest.mark.parametrize(("body", "status", "said"), WRONG.values(), ids=list(WRONG))
def test_bad_input_is_a_problem_document(haishu: Client, body: Any, status: int, said: str) -> None:
    response = post(haishu, body)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert said in told["detail"], told
    assert told["detail_en"] != told["detail"]
    assert response["Cache-Control"] == "private, no-store"
    assert StoredArea.objects.count() == 0


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""]
)
def test_another_content_type_is_refused(haishu: Client, kind: str) -> None:
    assert post(haishu, json.dumps(MAPPING), kind).status_code == 415


def test_strangers_and_visitors_are_refused(world: World, client: Client) -> None:
    assert post(client, MAPPING).status_code == 403
    for name in ("stranger", "haishu"):
        user = world.users[name]
        if name == "haishu":
            user.is_active = False
            user.save()
        refused = post(client_of(user), MAPPING)
        assert (refused.status_code, refused["Cache-Control"]) == (403, "private, no-store"), name
        assert refused["Content-Type"] == "application/problem+json"
    Membership.objects.filter(user=world.users["yinzhou"]).update(valid_to=CUTOFF)
    assert post(client_of(world.users["yinzhou"]), MAPPING).status_code == 403
    assert StoredArea.objects.count() == 0


def test_without_the_token_nothing_is_written(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.users["haishu"], backend="django.contrib.auth.backends.ModelBackend")
    assert post(client, MAPPING).status_code == 403
    assert StoredArea.objects.count() == 0
    client.get(reverse("admin:index"))
    token = client.cookies["csrftoken"].value
    assert post(client, MAPPING, **{"X-CSRFToken": "x" * 32}).status_code == 403
    geojson = "application/geo+json"
    assert post(client, MAPPING, geojson, **{"X-CSRFToken": token}).status_code == 201
    assert post(client, MAPPING, **{"X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_refused(haishu: Client, method: str) -> None:
    assert getattr(haishu, method)(STAFF).status_code == 405


def test_over_the_days_limit_is_429(haishu: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(areas, "A_DAY", 0)
    response = post(haishu, MAPPING)
    assert response.status_code == 429
    assert "上限" in response.json()["detail"] and "limit" in response.json()["detail_en"]


# ------------------------------------------------------------------------------------- the public address


def test_an_area_is_read_by_its_id_and_kept_long(world: World, client: Client) -> None:
    area = store_area(access=world.access("haishu"), geometry=SQUARE, name="老城").area
    response = client.get(f"/api/v1/areas/{area.public_id}/")
    told = response.json()
    assert response["Content-Type"] == "application/geo+json"
    assert response["Cache-Control"] == "public, max-age=604800, immutable"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert (told["type"], told["id"], told["geometry"]["type"]) == ("Feature", area.public_id, "MultiPolygon")
    assert told["properties"] == {
        "name": "老城",
        "vertices": 5,
        "area_m2": area.area_m2,
        "filter": f"area={area.public_id}",
    }
    tag = response["ETag"]
    world.site()
    again = client.get(f"/api/v1/areas/{area.public_id}/", headers={"If-None-Match": tag})
    assert again.status_code == 304, "an edit elsewhere changes no area"
    assert client.get(f"/api/v1/areas/{area.public_id}/?x=1").status_code == 400
    assert client.get("/api/v1/areas/nosucharea/").status_code == 404
    assert client.get("/api/v1/areas/").status_code == 404, "there is no list"
    assert "haishu" not in response.content.decode()


# ------------------------------------------------------------------------------------- the command


def test_the_command_stores_and_says_the_word(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "Feature", "geometry": MAPPING, "properties": {"name": "甲"}}))
    out = io.StringIO()
    call_command("store_area", str(path), "--actor", "haishu", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["name"], told["vertices"], told["created"]) == ("甲", 5, True)
    out = io.StringIO()
    call_command("store_area", str(path), "--actor", "admin", "--name", "乙", stdout=out)
    assert "早已保存" in out.getvalue() and f"?area={told['id']}" in out.getvalue()


@pytest.mark.parametrize(
    ("content", "arguments", "status"),
    [
        (None, ["--actor", "haishu"], 2),
        ("{}", ["--actor", "nobody"], 2),
        ("{}", ["--actor", "haishu"], 1),
        (json.dumps(MAPPING), ["--actor", "stranger"], 1),
        (json.dumps(big(4_000)), ["--actor", "haishu"], 1),
    ],
)
def test_the_commands_exit_status(
    world: World, tmp_path: Path, content: str | None, arguments: list[str], status: int
) -> None:
    path = tmp_path / "a.geojson"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError) as caught:
        call_command("store_area", str(path), *arguments)
    assert caught.value.returncode == status
    assert StoredArea.objects.count() == 0


# ------------------------------------------------------------------------------------- the admin


def test_drawing_one_in_the_admin(world: World, haishu: Client) -> None:
    address = reverse("admin:projects_storedarea_add")
    page = haishu.get(address).content.decode()
    assert 'data-type="polygon"' in page
    data = form_of(page, "storedarea_form")
    ring = "\n".join("{}, {}".format(*pair) for pair in MAPPING["coordinates"][0])
    typed = {**data, "name": "手填", "reason": "规划要求", "geometry_pairs": ring, "geometry_datum": "wgs84"}
    response = haishu.post(address, typed, follow=True)
    area = StoredArea.objects.get()
    assert (area.name, area.recorded_by) == ("手填", world.users["haishu"])
    assert f"area={area.public_id}" in response.content.decode()
    assert AuditEntry.objects.get(action="storedarea.add").payload["reason"] == "规划要求"
    drawn = haishu.post(address, {**data, "name": "再画", "geometry": json.dumps(MAPPING)}, follow=True)
    assert "早已保存" in drawn.content.decode() and StoredArea.objects.count() == 1
    body = haishu.get(reverse("admin:projects_storedarea_change", args=[area.pk])).content.decode()
    assert f"/?show=all&amp;area={area.public_id}" in body
    assert 'name="name"' not in body, "read only once stored"


def test_the_admin_says_what_is_wrong(world: World, haishu: Client) -> None:
    address = reverse("admin:projects_storedarea_add")
    data = form_of(haishu.get(address).content.decode(), "storedarea_form")
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    for shape, said in (
        (json.dumps(bow_tie), "自相交"),
        (json.dumps(big(4_000)), "4000 个顶点"),
        ("", "请在图上画出位置"),
        (json.dumps({"type": "Point", "coordinates": [1, 2]}), "面"),
    ):
        body = haishu.post(address, {**data, "geometry": shape}).content.decode()
        assert said in body, shape[:60]
    assert StoredArea.objects.count() == 0


def test_who_sees_which_areas_listed(world: World) -> None:
    own = store_area(access=world.access("haishu"), geometry=SQUARE, name="海曙画的").area
    store_area(access=world.access("yinzhou"), geometry=shapely.box(0, 0, 1, 1), name="鄞州画的")
    address = reverse("admin:projects_storedarea_changelist")
    body = client_of(world.users["haishu"]).get(address).content.decode()
    assert "海曙画的" in body and "鄞州画的" not in body
    for name in ("admin", "supervisor"):
        body = client_of(world.users[name]).get(address).content.decode()
        assert "海曙画的" in body and "鄞州画的" in body
    other = client_of(world.users["yinzhou"])
    assert other.get(reverse("admin:projects_storedarea_change", args=[own.pk])).status_code == 302
