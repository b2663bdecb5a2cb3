"""The page map: what it prints is data only, always the same, and safe to put into a page."""

import json
import re
from html import unescape
from typing import Any

import folium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.basemaps import Basemap, BasemapSettings, basemap_for
from maps.pagemap import DistrictOutlines, PageMap, ScaleBar, SiteGeometry, SiteTiles, ZoomButtons

TILES = "/api/v1/sites/tiles/{z}/{x}/{y}.json"
NONE = Basemap("none")
BOUNDS = ((28.8, 120.8), (30.6, 122.4))


def make(basemap: Basemap = NONE, label: str = "民生实事地图") -> PageMap:
    page_map = PageMap(
        "map", location=(29.87, 121.55), zoom=10, label=label, basemap=basemap, bounds=BOUNDS, min_zoom=8
    )
    DistrictOutlines("/api/v1/divisions/?level=county&within=330200", chosen="330203").add_to(page_map)
    SiteTiles(TILES).add_to(page_map)
    ZoomButtons("放大", "缩小").add_to(page_map)
    ScaleBar().add_to(page_map)
    return page_map


def config_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script id="map-config" type="application/json">(.*)</script>', html, re.DOTALL)
    assert found is not None
    config: dict[str, Any] = json.loads(found[1])
    return config


def test_two_renders_are_the_same_to_the_byte() -> None:
    first, second = make(), make()
    assert first.html == second.html
    assert first.html == first.html


def test_it_is_one_div_and_one_json_script() -> None:
    html = make().html
    assert re.findall(r"<(\w+)", html) == ["div", "script"]
    for forbidden in ("<style", "style=", "http", "cdn", "onload", "javascript"):
        assert forbidden not in html


def test_what_the_page_is_told_about_the_view() -> None:
    config = config_of(make().html)
    assert config["center"] == [29.87, 121.55]
    assert (config["zoom"], config["minZoom"], config["maxZoom"]) == (10, 8, 18)  # folium would drop maxZoom
    assert config["bounds"] == [[28.8, 120.8], [30.6, 122.4]]
    assert [layer["type"] for layer in config["layers"]] == ["districts", "site-tiles", "zoom", "scale"]
    assert config["layers"][1]["url"] == TILES


def test_a_basemap_lies_below_everything_and_brings_its_datum_and_referrer_policy() -> None:
    basemap = basemap_for(
        BasemapSettings("xyz", url="https://t.example/{z}/{x}/{y}.png", attribution="甲图", datum="gcj02")
    )
    config = config_of(make(basemap).html)
    assert config["datum"] == "gcj02"
    assert config["layers"][0]["type"] == "tiles"
    assert config["layers"][0]["referrerPolicy"] == "strict-origin-when-cross-origin"
    assert config["layers"][0]["attribution"] == "甲图"


def test_folium_s_own_output_is_the_same_two_elements_and_nothing_of_its_own() -> None:
    page_map = make()
    figure = page_map.get_root().render()
    assert page_map.html in figure
    assert "leaflet.js" not in figure
    assert "L.map(" not in figure
    assert "user-scalable" not in figure


def test_links_do_not_leak_from_one_page_to_the_next() -> None:
    before = (list(folium.Map.default_js), list(folium.Map.default_css))
    one = make()
    one.add_js_link("x", "https://cdn.example/x.js")
    one.add_css_link("y", "https://cdn.example/y.css")
    assert "cdn.example" not in one.html
    assert "cdn.example" not in one.get_root().render()
    assert make().default_js == []
    assert (folium.Map.default_js, folium.Map.default_css) == before


@given(st.text(max_size=60))
def test_no_text_ends_the_script_or_opens_an_element(text: str) -> None:
    label = f"{text}</script><img src=x onerror=alert(1)><!--"
    html = make(label=label).html
    assert html.count("</script>") == 1
    assert "<img" not in html
    assert "<!--" not in html
    assert config_of(html)["label"] == label


def test_the_element_id_is_escaped() -> None:
    page_map = PageMap('a"><b', location=(0, 0), zoom=8, label="x", basemap=NONE)
    assert "<b" not in page_map.html
    assert 'a"><b' in unescape(page_map.html)


def test_a_site_s_geometry_is_data() -> None:
    page_map = PageMap("map", location=(29.9, 121.5), zoom=14, label="位置", basemap=NONE)
    point = {"type": "Point", "coordinates": [121.5, 29.9]}
    SiteGeometry(point, colour="#b45309", icon="meal").add_to(page_map)
    layer = config_of(page_map.html)["layers"][0]
    assert (layer["type"], layer["geometry"], layer["hollow"]) == ("site-geometry", point, False)


@pytest.mark.parametrize("template", ["/tiles/{z}/{x}.json", "/tiles/", "/{x}/{y}"])
def test_a_tile_address_without_its_marks_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"\{z\}"):
        SiteTiles(template)


@pytest.mark.parametrize("step", [-1, 6])
def test_a_shade_is_a_step_of_the_legend(step: int) -> None:
    with pytest.raises(ValueError, match="step"):
        DistrictOutlines("/borders", shades={"330203": step})
